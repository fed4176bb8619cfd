-- Let a paused queue hand out jobs again, and wake workers that wait for them.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 queue
-- returns 1 resumed | 0 it was not paused
-- flags: allow-oom
-- include: batches, lease, waking
local queue = ARGV[2]
if redis.call('SREM', key('paused'), queue) == 0 then
  return 0
end
local waiting = 0
for _, priority in ipairs({'critical', 'high', 'normal', 'low'}) do
  waiting = waiting + redis.call('LLEN', key('queue', queue, priority))
end
wake(queue, waiting)
return 1
