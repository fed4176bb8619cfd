-- unique_of(data): the unique key in an envelope, '' for none. Only an envelope that may have one is parsed.
local function unique_of(data)
  if not string.find(data, '"unique":', 1, true) then
    return ''
  end
  local parsed, envelope = pcall(cjson.decode, data)
  local unique = parsed and type(envelope) == 'table' and envelope.unique
  return type(unique) == 'string' and unique or ''
end
