-- succeed(queues): a worker of these queues is gone. Somebody else has to mind the next due time, and what it was woken for.
local function succeed(queues)
  local due_later = redis.call('EXISTS', key('delayed')) == 1
  for _, queue in ipairs(queues) do
    if due_later or redis.call('ZSCORE', key('ready'), queue) then
      wake(queue, 1)
    end
  end
end
