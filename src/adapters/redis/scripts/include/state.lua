-- The state of a job is one text: a JSON object of strings, its status first. It is read and written as a whole, and those of
-- many jobs at once. Where a field stands twice the later one counts.
-- state_in(text): its fields; none where there is no text, or none that can be read.
-- state_text(fields): the text. Numbers are whole.
-- status_in(text): the status alone, nil for none.
-- state_of(id), keep_state(id, fields): that of one job. It lives on for as long as it did.
local state_prefix = key('state', '')

local function state_in(text)
  if not text then
    return {}
  end
  local parsed, fields = pcall(cjson.decode, text)
  return parsed and type(fields) == 'table' and fields or {}
end

local function state_text(fields)
  local others = {}
  for name, value in pairs(fields) do
    if name ~= 'status' then
      others[name] = type(value) == 'number' and string.format('%d', value) or value
    end
  end
  local rest = next(others) and ',' .. string.sub(cjson.encode(others), 2) or '}'
  return '{"status":"' .. fields.status .. '"' .. rest
end

local function status_in(text)
  return text and string.match(text, '^{"status":"(%a+)"') or nil
end

local function state_of(id)
  return state_in(redis.call('GET', state_prefix .. id))
end

local function keep_state(id, fields)
  redis.call('SET', state_prefix .. id, state_text(fields), 'KEEPTTL')
end
