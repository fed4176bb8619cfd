-- The version of the key layout; noted by whoever comes first.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 the version that the caller knows
-- returns the version in use
-- flags: allow-oom
redis.call('HSETNX', KEYS[1], 'layout', ARGV[2])
return redis.call('HGET', KEYS[1], 'layout')
