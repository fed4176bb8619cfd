-- Pause or resume a schedule. Its due instant waits in `schedules:paused` meanwhile.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, 3 paused (1 or 0)
-- returns 1 done | 0 there is none
local due, paused = key('schedules', 'due'), key('schedules', 'paused')
local entry = redis.call('HGET', key('schedules'), ARGV[2])
if not entry then
  return 0
end
local at = redis.call('ZSCORE', due, ARGV[2])
if ARGV[3] == '1' then
  if at then
    redis.call('ZREM', due, ARGV[2])
    redis.call('HSET', paused, ARGV[2], at)
  end
elseif not at then
  at = redis.call('HGET', paused, ARGV[2]) or string.match(entry, '"next_due":(%d+)')
  redis.call('HDEL', paused, ARGV[2])
  redis.call('ZADD', due, at, ARGV[2])
end
return 1
