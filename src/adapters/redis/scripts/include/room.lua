-- load_of(queue): how many jobs a queue has that count against its max_jobs: those that wait, and those that are scheduled.
local function load_of(queue)
  local sum = tonumber(redis.call('HGET', key('delayed', 'counts'), 'scheduled:' .. queue) or 0)
  for _, priority in ipairs({'critical', 'high', 'normal', 'low'}) do
    sum = sum + redis.call('LLEN', key('queue', queue, priority))
  end
  return sum
end
