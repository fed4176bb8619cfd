-- Note that a run has failed.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 circuit, 3 token of the run, 4 failures that open, 5 their window in milliseconds,
--         6 open time in milliseconds, 7 longest open time in milliseconds (0: always the open time)
-- returns milliseconds for which this opened the circuit | -1 it did not
-- flags: allow-oom
local circuit, most, window = key('circuit', ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[5])
local open, longest = tonumber(ARGV[6]), tonumber(ARGV[7])
local known = redis.call('HMGET', circuit, 'state', 'token', 'failures', 'openings')
local now = milliseconds()

local function open_circuit(openings)
  local span = open
  if longest > 0 then
    span = math.max(open, math.min(open * 2 ^ math.min(openings - 1, 30), longest))
  end
  redis.call('HSET', circuit, 'state', 'open', 'until', string.format('%.0f', now + span), 'openings', openings)
  redis.call('HDEL', circuit, 'token', 'failures')
  redis.call('PERSIST', circuit)
  return span
end

if known[1] then
  if known[1] == 'half_open' and known[2] == ARGV[3] then
    return open_circuit((tonumber(known[4]) or 0) + 1)
  end
  return -1
end
local recent = {}
for instant in string.gmatch(known[3] or '', '%d+') do
  if tonumber(instant) > now - window then
    recent[#recent + 1] = instant
  end
end
recent[#recent + 1] = string.format('%.0f', now)
if #recent >= most then
  return open_circuit(1)
end
redis.call('HSET', circuit, 'failures', table.concat(recent, ' '))
redis.call('PEXPIRE', circuit, window)
return -1
