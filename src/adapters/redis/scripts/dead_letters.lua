-- Read which dead letters of a queue match, the first that died first: a part at a time.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 queue, 3 job type or '', 4 latest millisecond of death, as ZRANGEBYSCORE takes it,
--         5 entries to leave out at the beginning, 6 most entries to look at
-- returns {entries looked at, then the ids that match}
-- flags: no-writes
local wanted = ARGV[3]
local page = redis.call('ZRANGEBYSCORE', key('failed', ARGV[2]), '-inf', ARGV[4], 'LIMIT', ARGV[5], ARGV[6])

local function type_of(data)
  local found = string.match(data, '^{"v":%d+,"type":"([^"\\]*)"')
  if found then
    return found
  end
  local parsed, envelope = pcall(cjson.decode, data)
  return parsed and type(envelope) == 'table' and envelope.type
end

local reply = {#page}
for _, id in ipairs(page) do
  if wanted == '' then
    if redis.call('EXISTS', key('data', id), key('state', id)) > 0 then
      reply[#reply + 1] = id
    end
  elseif type_of(redis.call('GET', key('data', id)) or '') == wanted then
    reply[#reply + 1] = id
  end
end
return reply
