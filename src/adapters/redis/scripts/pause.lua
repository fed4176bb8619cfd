-- Pause a queue: dequeues pass it by.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 queue
-- returns 1 paused | 0 it was paused already
-- flags: allow-oom
return redis.call('SADD', key('paused'), ARGV[2])
