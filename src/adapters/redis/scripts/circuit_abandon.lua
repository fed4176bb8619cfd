-- Let the next run that asks be the probe in place of this one.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 circuit, 3 token of the run
-- returns 1 | 0 the run is not the probe
-- flags: allow-oom
local circuit = key('circuit', ARGV[2])
if redis.call('HGET', circuit, 'token') ~= ARGV[3] then
  return 0
end
redis.call('HSET', circuit, 'state', 'open', 'until', 0)
redis.call('HDEL', circuit, 'token')
return 1
