-- Give a schedule that has no due instant one.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, 3 due millisecond, 4 paused (1 or 0)
-- returns 1 done | 0 it is gone, or has one
-- flags: allow-oom
local name = ARGV[2]
local due, paused = key('schedules', 'due'), key('schedules', 'paused')
if redis.call('HEXISTS', key('schedules'), name) == 0 or redis.call('ZSCORE', due, name) or redis.call('ZSCORE', paused, name) then
  return 0
end
redis.call('ZADD', ARGV[4] == '1' and paused or due, ARGV[3], name)
return 1
