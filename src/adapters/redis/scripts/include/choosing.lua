-- choose(subscription, most, strict): take ids that wait, as {queue, priority, ids} in the order in which to hand them out, at
-- most `most`; then how many they are. subscription: what `subscribed` returns.
--
-- Stride scheduling: serve the queue with the least pass until it is no longer the least; a job moves the pass of its
-- queue by 1 / weight. A queue that becomes ready starts at the least pass of the time, so it claims no arrears.
local LEVELS = {'critical', 'high', 'normal', 'low'}
local PAGE, ENOUGH = 64, 16

local function take(queue, want, runs)
  local lists, levels = {}, {}
  for index, priority in ipairs(LEVELS) do
    lists[index] = key('queue', queue, priority)
    levels[lists[index]] = priority
  end
  local got = 0
  while got < want do
    local popped = redis.call('LMPOP', 4, lists[1], lists[2], lists[3], lists[4], 'RIGHT', 'COUNT', want - got)
    if not popped then
      redis.call('ZREM', key('ready'), queue)
      break
    end
    runs[#runs + 1] = {queue = queue, priority = levels[popped[1]], ids = popped[2]}
    got = got + #popped[2]
  end
  return got
end

-- The ready queues of the subscription that are not paused, least served first (or in the order asked for).
local function candidates(subscription, strict)
  local weights, positions = subscription.weights, subscription.positions
  local found, first, paused = {}, 0, nil
  while #found < ENOUGH or strict do
    local page = redis.call('ZRANGE', key('ready'), first, first + PAGE - 1, 'WITHSCORES')
    if #page == 0 then
      break
    end
    if not paused then
      paused = {}
      for _, queue in ipairs(redis.call('SMEMBERS', key('paused'))) do
        paused[queue] = true
      end
    end
    local queues = {}
    for index = 1, #page, 2 do
      queues[#queues + 1] = page[index]
    end
    subscription.look(queues)
    for index, queue in ipairs(queues) do
      if weights[queue] and not paused[queue] then
        found[#found + 1] = {queue = queue, pass = tonumber(page[index * 2])}
      end
    end
    first = first + PAGE
  end
  if strict then
    table.sort(found, function(a, b) return positions[a.queue] < positions[b.queue] end)
  end
  return found
end

-- Put the first one behind all that were served less, or as much.
local function queue_up(ready)
  local entry = table.remove(ready, 1)
  local low, high = 1, #ready + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if ready[middle].pass <= entry.pass then
      low = middle + 1
    else
      high = middle
    end
  end
  table.insert(ready, low, entry)
end

local function choose(subscription, most, strict)
  local weights = subscription.weights
  local runs, total, pass = {}, 0, nil
  while total < most do
    local ready, passes = candidates(subscription, strict), {}
    if #ready == 0 then
      break
    end
    while #ready > 0 and total < most do
      local entry, second = ready[1], not strict and ready[2]
      local weight, want = weights[entry.queue], most - total
      if second then
        want = math.min(want, math.floor((second.pass - entry.pass) * weight) + 1)
      end
      local got = take(entry.queue, want, runs)
      total = total + got
      entry.pass, entry.is_served = entry.pass + got / weight, true
      pass = entry.pass
      if got < want then
        table.remove(ready, 1)
      elseif second then
        queue_up(ready)
      end
    end
    for _, entry in ipairs(ready) do
      pass = math.min(pass or entry.pass, entry.pass)
      if entry.is_served then
        passes[#passes + 1], passes[#passes + 2] = string.format('%.6f', entry.pass), entry.queue
      end
    end
    if #passes > 0 then
      redis.call('ZADD', key('ready'), 'XX', unpack(passes))
    end
  end
  if pass then
    redis.call('SET', key('pass'), string.format('%.6f', pass))
  end
  return runs, total
end
