-- leave_dead(id, queue): take a dead letter out of its place; the queue it was a dead letter of. Data that cannot be read
-- do not tell it: then the queues that were ever used are looked through.
local function leave_dead(id, queue)
  if redis.call('ZREM', key('failed', queue), id) == 0 then
    for _, label in ipairs(redis.call('HKEYS', key('enqueued'))) do
      local used = string.match(label, '([^|]*)$')
      if redis.call('ZREM', key('failed', used), id) == 1 then
        return used
      end
    end
  end
  return queue
end
