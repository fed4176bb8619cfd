-- choose(subscription, most, strict): take ids that wait, as {queue, priority, ids, list} in the order in which to hand them
-- out, at most `most`; then how many they are. list: the name of the list that they were taken from. subscription: what
-- `subscribed` returns.
--
-- Stride scheduling: serve the queue with the least pass until it is no longer the least; a job moves the pass of its
-- queue by 1 / weight. A queue that becomes ready starts at the least pass of the time, so it claims no arrears.
local queue_prefix = key('queue', '')
local PAGE, ENOUGH = 64, 16

local function take(queue, want, runs)
  local line = queue_prefix .. queue
  local critical, high, normal, low = line .. ':critical', line .. ':high', line .. ':normal', line .. ':low'
  local got = 0
  while got < want do
    local popped = redis.call('LMPOP', '4', critical, high, normal, low, 'RIGHT', 'COUNT', want - got)
    if not popped then
      redis.call('ZREM', key('ready'), queue)
      break
    end
    local list, ids = popped[1], popped[2]
    local priority = list == normal and 'normal' or list == high and 'high' or list == low and 'low' or 'critical'
    runs[#runs + 1] = {queue = queue, priority = priority, ids = ids, list = list}
    got = got + #ids
  end
  return got
end

-- The ready queues of the subscription that are not paused, least served first (or in the order asked for), and their passes.
local function candidates(subscription, most, strict)
  local weights, positions = subscription.weights, subscription.positions
  local found, passes, first, size, paused = {}, {}, 0, math.min(most + ENOUGH, PAGE), nil
  while #found < ENOUGH or strict do
    local page = redis.call('ZRANGE', key('ready'), first, first + size - 1, 'WITHSCORES')
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
        found[#found + 1] = queue
        passes[#found] = tonumber(page[index * 2])
      end
    end
    first, size = first + size, PAGE
  end
  if strict then
    local pass_of = {}
    for index, queue in ipairs(found) do
      pass_of[queue] = passes[index]
    end
    table.sort(found, function(a, b) return positions[a] < positions[b] end)
    for index, queue in ipairs(found) do
      passes[index] = pass_of[queue]
    end
  end
  return found, passes
end

local function choose(subscription, most, strict)
  local weights, texts = subscription.weights, {}
  local runs, total, pass = {}, 0, nil

  local function text_of(number)
    local text = texts[number] or string.format('%.6f', number)
    texts[number] = text
    return text
  end

  while total < most do
    local ready, passes = candidates(subscription, most - total, strict)
    local first, last, served, moved = 1, #ready, {}, {}
    if last == 0 then
      break
    end
    while first <= last and total < most do
      local queue, next_pass = ready[first], not strict and passes[first + 1]
      local weight, want = weights[queue], most - total
      if next_pass then
        want = math.min(want, math.floor((next_pass - passes[first]) * weight) + 1)
      end
      local got = take(queue, want, runs)
      total = total + got
      pass = passes[first] + got / weight
      if got < want then
        first = first + 1
      elseif next_pass then
        -- It goes behind all that were served less, or as much. Mostly that is the end.
        local at = last
        while passes[at] > pass and at > first do
          ready[at + 1], passes[at + 1], served[at + 1] = ready[at], passes[at], served[at]
          at = at - 1
        end
        first, last = first + 1, last + 1
        ready[at + 1], passes[at + 1], served[at + 1] = queue, pass, true
      else
        passes[first], served[first] = pass, true
      end
    end
    for index = first, last do
      pass = math.min(pass or passes[index], passes[index])
      if served[index] then
        moved[#moved + 1], moved[#moved + 2] = text_of(passes[index]), ready[index]
      end
    end
    if #moved > 0 then
      redis.call('ZADD', key('ready'), 'XX', unpack(moved))
    end
  end
  if pass then
    redis.call('SET', key('pass'), text_of(pass))
  end
  return runs, total
end
