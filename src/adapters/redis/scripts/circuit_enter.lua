-- Ask whether a run may go through a circuit.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 circuit, 3 token of the run, 4 open time in milliseconds, 5 lease of a probe in milliseconds
-- returns {state, 'through' | 'probe' | 'wait', milliseconds to wait}
-- flags: allow-oom
local circuit, token = key('circuit', ARGV[2]), ARGV[3]
local known = redis.call('HMGET', circuit, 'state', 'until', 'token')
local state, ends = known[1] or 'closed', tonumber(known[2]) or 0
if state == 'closed' then
  return {state, 'through', 0}
end
local now = milliseconds()
if state == 'open' and now < ends then
  return {state, 'wait', ends - now}
end
if state == 'half_open' and now < ends and known[3] ~= token then
  return {state, 'wait', math.min(ends - now, tonumber(ARGV[4]))}
end
redis.call('HSET', circuit, 'state', 'half_open', 'token', token, 'until', now + tonumber(ARGV[5]))
return {'half_open', 'probe', 0}
