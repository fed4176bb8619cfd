-- subscribed(at, strict): the queues that a worker takes jobs from, with their weights, as ARGV[at] on tells: digest or '',
-- number of queues, then per queue: name, weight. With a digest they are told once and remembered; nil where they are not, or
-- no more.
--   look(queues): have those of them in `weights` (and, where strict, in `positions`) that the worker takes jobs from
--   all(): every one
local REMEMBERED = 3600000

local function subscribed(at, strict)
  local digest, told = ARGV[at], tonumber(ARGV[at + 1])
  local names, weights, positions = {}, {}, {}
  for position = 1, told do
    local queue, weight = ARGV[at + position * 2], ARGV[at + 1 + position * 2]
    names[position], weights[queue], positions[queue] = queue, tonumber(weight), position
  end
  local found = {weights = weights, positions = positions}
  if digest == '' then
    function found.look() end
    function found.all() return names end
    return found
  end
  local memory, fields = key('subscription', digest), {}
  for position, queue in ipairs(names) do
    fields[position * 2 - 1], fields[position * 2] = queue, strict and weights[queue] .. ' ' .. position or weights[queue]
  end
  apply('HSET', memory, fields)
  if redis.call('PEXPIRE', memory, REMEMBERED) == 0 then
    return nil
  end
  function found.look(queues)
    for index, value in ipairs(many('HMGET', queues, memory)) do
      if value and strict then
        local weight, position = string.match(value, '^(%d+) (%d+)$')
        weights[queues[index]], positions[queues[index]] = tonumber(weight), tonumber(position)
      elseif value then
        weights[queues[index]] = tonumber(value)
      end
    end
  end
  function found.all()
    return redis.call('HKEYS', memory)
  end
  return found
end
