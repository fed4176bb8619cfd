-- route(data): the queue and level in an envelope. They stand at its head when they are not the defaults, so a pattern
-- finds them without parsing the payload; text of another shape is parsed.
local function route(data)
  local rest = string.match(data, '^{"v":1,"type":"[^"\\]*"(.*)$')
  if rest then
    local queue, after = string.match(rest, '^,"queue":"([^"\\]*)"(.*)$')
    local priority = string.match(after or rest, '^,"priority":"([^"\\]*)"')
    return queue or 'default', priority or 'normal'
  end
  local parsed, envelope = pcall(cjson.decode, data)
  if parsed and type(envelope) == 'table' then
    return envelope.queue or 'default', envelope.priority or 'normal'
  end
  return 'default', 'normal'
end
