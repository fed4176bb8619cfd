-- One command for many keys or values, in parts that fit a call of Lua.
-- many(command, names, of): the replies of a command that answers per key, such as MGET, or per field of the hash `of`.
-- count(command, names): the sum of the replies of a command that counts keys, such as EXISTS; 0 for none.
-- apply(command, name, values, option): a command on one key with many values, such as LPUSH; pairs stay together, and the
-- option stands in front of them. Returns its last reply, nil for no values.
-- set_all(pairs): set keys, {name, value, name, value ...}.
-- add_to(name, changes): add to many counts of a hash, {field = change}.
local PART = 4000

local function many(command, names, of)
  local all = {}
  for first = 1, #names, PART do
    local last = math.min(first + PART - 1, #names)
    local found
    if of then
      found = redis.call(command, of, unpack(names, first, last))
    else
      found = redis.call(command, unpack(names, first, last))
    end
    if #names <= PART then
      return found
    end
    for index = 1, last - first + 1 do
      all[first + index - 1] = found[index]
    end
  end
  return all
end

local function count(command, names)
  local sum = 0
  for first = 1, #names, PART do
    sum = sum + redis.call(command, unpack(names, first, math.min(first + PART - 1, #names)))
  end
  return sum
end

local function apply(command, name, values, option)
  local reply
  for first = 1, #values, PART do
    local last = math.min(first + PART - 1, #values)
    if option then
      reply = redis.call(command, name, option, unpack(values, first, last))
    else
      reply = redis.call(command, name, unpack(values, first, last))
    end
  end
  return reply
end

local function set_all(pairs)
  for first = 1, #pairs, PART do
    redis.call('MSET', unpack(pairs, first, math.min(first + PART - 1, #pairs)))
  end
end

local function add_to(name, changes)
  local fields, values, texts = {}, {}, {}
  for field in pairs(changes) do
    fields[#fields + 1] = field
  end
  if #fields == 1 then
    redis.call('HINCRBY', name, fields[1], changes[fields[1]])
    return
  end
  for index, known in ipairs(many('HMGET', fields, name)) do
    local field = fields[index]
    local sum = (tonumber(known) or 0) + changes[field]
    local text = texts[sum] or string.format('%.0f', sum)
    texts[sum], values[index * 2 - 1], values[index * 2] = text, field, text
  end
  apply('HSET', name, values)
end
