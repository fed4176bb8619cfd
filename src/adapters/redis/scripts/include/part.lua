-- part(list, skipped, most): the length of a list, and a part of it from its head's end; the next one first.
local function part(list, skipped, most)
  local found = redis.call('LRANGE', list, -skipped - most, -skipped - 1)
  local ids = {}
  for index = #found, 1, -1 do
    ids[#ids + 1] = found[index]
  end
  return redis.call('LLEN', list), ids
end
