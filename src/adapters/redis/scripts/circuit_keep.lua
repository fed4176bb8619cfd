-- Say that the probe of a circuit is alive.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 circuit, 3 token of the run, 4 lease of a probe in milliseconds
-- returns 1 | 0 the run is not the probe
-- flags: allow-oom
local circuit = key('circuit', ARGV[2])
if redis.call('HGET', circuit, 'token') ~= ARGV[3] then
  return 0
end
redis.call('HSET', circuit, 'until', milliseconds() + tonumber(ARGV[4]))
return 1
