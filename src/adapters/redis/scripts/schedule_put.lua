-- Add or replace a schedule.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, 3 entry, 4 next due millisecond, 5 paused (1 or 0), 6 last fired millisecond or ''
-- returns 1
local name, due, fired = ARGV[2], ARGV[4], ARGV[6]
local running, paused = key('schedules', 'due'), key('schedules', 'paused')
redis.call('HSET', key('schedules'), name, ARGV[3])
if ARGV[5] == '1' then
  redis.call('ZREM', running, name)
  redis.call('ZADD', paused, due, name)
else
  redis.call('ZREM', paused, name)
  redis.call('ZADD', running, due, name)
end
if fired == '' then
  redis.call('HDEL', key('schedules', 'fired'), name)
else
  redis.call('HSET', key('schedules', 'fired'), name, fired)
end
return 1
