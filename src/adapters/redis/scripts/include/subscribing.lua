-- subscribed(at, strict): the queues that a worker takes jobs from, as ARGV[at] on tells: their digest, number of queues, then
-- per queue: name, weight. More than FEW are told once and remembered by their digest; nil where they are not, or no more.
--   digest
--   all(): every one
--   size(): how many they are
--   ready(): those that are ready, each followed by its pass, in any order
--   weights_of(queues): the weight of each, false for one that the worker takes no jobs from; not where strict
--   part(first, size): where strict, so many of them in their order, from `first` on, counted from 0
--   positions_of(queues): where strict, the position of each among them, false as above
local REMEMBERED, FEW = 3600000, 16

local function subscribed(at, strict)
  local digest, told = ARGV[at], tonumber(ARGV[at + 1])
  local names, weights, positions = {}, {}, {}
  for position = 1, told do
    local queue = ARGV[at + position * 2]
    names[position], weights[queue], positions[queue] = queue, tonumber(ARGV[at + 1 + position * 2]), position
  end
  if told > 0 and told <= FEW then
    local function each_of(values)
      return function(queues)
        local found = {}
        for index, queue in ipairs(queues) do
          found[index] = values[queue] or false
        end
        return found
      end
    end
    return {
      digest = digest,
      all = function() return names end,
      size = function() return told end,
      ready = function()
        local found = {}
        for index, pass in ipairs(redis.call('ZMSCORE', key('ready'), unpack(names))) do
          if pass then
            found[#found + 1], found[#found + 2] = names[index], pass
          end
        end
        return found
      end,
      weights_of = each_of(weights),
      part = function(first, size) return {unpack(names, first + 1, math.min(first + size, told))} end,
      positions_of = each_of(positions),
    }
  end
  local memory, fields = key('subscription', digest), {}
  for position, queue in ipairs(names) do
    fields[position * 2 - 1], fields[position * 2] = strict and position or weights[queue], queue
  end
  apply('ZADD', memory, fields)
  if redis.call('PEXPIRE', memory, REMEMBERED) == 0 then
    return nil
  end
  local function scores_of(queues)
    return many('ZMSCORE', queues, memory)
  end
  return {
    digest = digest,
    all = function() return redis.call('ZRANGE', memory, 0, -1) end,
    size = function() return redis.call('ZCARD', memory) end,
    ready = function() return redis.call('ZINTER', '2', key('ready'), memory, 'WEIGHTS', '1', '0', 'WITHSCORES') end,
    weights_of = scores_of,
    part = function(first, size) return redis.call('ZRANGE', memory, first, first + size - 1) end,
    positions_of = scores_of,
  }
end
