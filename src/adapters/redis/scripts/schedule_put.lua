-- Add or replace a schedule.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, 3 entry, 4 next due millisecond or '' while paused, 5 last fired millisecond or ''
-- returns 1
redis.call('HSET', key('schedules'), ARGV[2], ARGV[3])
if ARGV[4] == '' then
  redis.call('ZREM', key('schedules', 'due'), ARGV[2])
else
  redis.call('ZADD', key('schedules', 'due'), ARGV[4], ARGV[2])
end
if ARGV[5] == '' then
  redis.call('HDEL', key('schedules', 'fired'), ARGV[2])
else
  redis.call('HSET', key('schedules', 'fired'), ARGV[2], ARGV[5])
end
return 1
