-- Check that the queues in which jobs wait are known to be ready, and the sequence of fences.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), 3 the highest fence of a job, then queues
-- returns {findings}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, checking
local ready = key('ready')
for index = 4, #ARGV do
  local queue = ARGV[index]
  local waiting = 0
  for _, priority in ipairs({'critical', 'high', 'normal', 'low'}) do
    waiting = waiting + redis.call('LLEN', key('queue', queue, priority))
  end
  local listed = redis.call('ZSCORE', ready, queue)
  if waiting > 0 and not listed then
    if found('not_ready', '', ready, queue) then
      redis.call('ZADD', ready, 0, queue)
      if redis.call('SISMEMBER', key('paused'), queue) == 0 then
        wake(queue, waiting)
      end
    end
  elseif mends and listed and waiting == 0 then
    -- The last job was cancelled or purged: a fetch would drop it as well.
    redis.call('ZREM', ready, queue)
  end
end
local highest = ARGV[3]
if (tonumber(redis.call('GET', key('fence'))) or 0) < tonumber(highest) then
  if found('fence_behind', '', key('fence'), highest) then
    redis.call('SET', key('fence'), highest)
  end
end
return {findings}
