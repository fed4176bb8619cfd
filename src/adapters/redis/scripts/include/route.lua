-- route(data): the queue and level in an envelope. They stand at its head when they are not the defaults, so a pattern
-- finds them without parsing the payload; text of another shape is parsed.
local function route(data)
  local _, last = string.find(data, '^{"v":1,"type":"[^"\\]*"')
  if last then
    local queue, priority
    local _, finish_at, found = string.find(data, '^,"queue":"([^"\\]*)"', last + 1)
    if found then
      queue, last = found, finish_at
    end
    priority = string.match(data, '^,"priority":"([^"\\]*)"', last + 1)
    return queue or 'default', priority or 'normal'
  end
  local parsed, envelope = pcall(cjson.decode, data)
  if parsed and type(envelope) == 'table' then
    return envelope.queue or 'default', envelope.priority or 'normal'
  end
  return 'default', 'normal'
end
