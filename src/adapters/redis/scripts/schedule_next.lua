-- The earliest due instant.
-- KEYS    1 meta
-- ARGV    1 prefix
-- returns the millisecond, or '' when nothing is due ever
-- flags: no-writes
return redis.call('ZRANGE', key('schedules', 'due'), 0, 0, 'WITHSCORES')[2] or ''
