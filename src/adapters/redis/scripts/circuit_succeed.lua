-- Close a circuit whose probe has succeeded.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 circuit, 3 token of the run
-- returns 1 closed | 0 the run is not the probe
-- flags: allow-oom
local circuit = key('circuit', ARGV[2])
if redis.call('HGET', circuit, 'token') ~= ARGV[3] then
  return 0
end
redis.call('DEL', circuit)
return 1
