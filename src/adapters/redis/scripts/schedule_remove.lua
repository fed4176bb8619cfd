-- Forget a schedule.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name
-- returns 1 removed | 0 there was none
-- flags: allow-oom
redis.call('ZREM', key('schedules', 'due'), ARGV[2])
redis.call('ZREM', key('schedules', 'paused'), ARGV[2])
redis.call('HDEL', key('schedules', 'fired'), ARGV[2])
return redis.call('HDEL', key('schedules'), ARGV[2])
