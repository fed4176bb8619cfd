-- choose_by_weight(subscription, most): take ids that wait, at most `most`, in the order in which to hand them out. Returns
-- runs, as `take` adds them, and how many ids they are.
--
-- Stride scheduling: serve the queue with the least pass until it is no longer the least; a job moves the pass of its
-- queue by 1 / weight. The least pass of the queues of a subscription is its clock. A queue that is behind the clock, as one
-- that has just become ready is, or far before it, as one that other workers served, is put one turn before it: it claims no
-- arrears, and pays none.
local PAGE, ENOUGH, FAR_MORE, FAR_TURNS = 64, 16, 4, 32

-- The ready queues of the subscription that are not paused, as a list, and the pass and weight of each; whether the least
-- served stand first; and, where there may be more, a pass that none of those is below. Mostly they stand at the head of the
-- index. Where it is full of the queues of others they are asked for by name.
local function candidates(subscription, most)
  local ready, beyond = redis.call('ZCARD', key('ready')), nil
  local found, pass_of, weights = {}, {}, {}

  -- Of queues, each followed by its pass. Returns the last one's.
  local function keep(page)
    local queues, passes = {}, {}
    for index = 1, #page, 2 do
      queues[#queues + 1], passes[#passes + 1] = page[index], tonumber(page[index + 1])
    end
    local paused, their_weights = paused_among(queues), subscription.weights_of(queues)
    for index, queue in ipairs(queues) do
      if their_weights[index] and paused[index] ~= 1 then
        found[#found + 1], pass_of[queue], weights[queue] = queue, passes[index], tonumber(their_weights[index])
      end
    end
    return passes[#passes]
  end

  if ready > PAGE and subscription.size() * FAR_MORE < ready then
    keep(subscription.ready())
    return found, pass_of, weights, false
  end
  local first, size = 0, math.min(most + ENOUGH, PAGE)
  while first < ready and #found < ENOUGH do
    beyond = keep(redis.call('ZRANGE', key('ready'), first, first + size - 1, 'WITHSCORES'))
    first, size = first + size, PAGE
  end
  return found, pass_of, weights, true, first < ready and beyond or nil
end

-- Put those in their place that are too far from the clock. Returns it, and a set of them.
local function mind_the_clock(clock, found, pass_of, weights)
  if not clock then
    for _, queue in ipairs(found) do
      if pass_of[queue] > 0 then
        clock = math.min(clock or pass_of[queue], pass_of[queue])
      end
    end
    clock = clock or 0
  end
  local moved = {}
  for _, queue in ipairs(found) do
    local pass, turn = pass_of[queue], 1 / weights[queue]
    if pass < clock or pass > clock + FAR_TURNS * turn then
      pass_of[queue], moved[queue] = clock + turn, true
    end
  end
  return clock, moved
end

local function choose_by_weight(subscription, most)
  local memory = key('pass', subscription.digest)
  local runs, total, texts, clock = {}, 0, {}, tonumber(redis.call('GET', memory))

  local function text_of(number)
    local text = texts[number] or string.format('%.6f', number)
    texts[number] = text
    return text
  end

  while total < most do
    local ready, pass_of, weights, sorted, beyond = candidates(subscription, most - total)
    local first, last, passes, changed, pass, moved = 1, #ready, {}, {}, nil, nil
    if last == 0 then
      break
    end
    clock, moved = mind_the_clock(clock, ready, pass_of, weights)
    if next(moved) or not sorted then
      table.sort(ready, function(a, b)
        return pass_of[a] < pass_of[b] or pass_of[a] == pass_of[b] and a < b
      end)
    end
    for index, queue in ipairs(ready) do
      passes[index] = pass_of[queue]
    end
    while first <= last and total < most do
      local queue, next_pass = ready[first], passes[first + 1]
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
          ready[at + 1], passes[at + 1] = ready[at], passes[at]
          at = at - 1
        end
        first, last = first + 1, last + 1
        ready[at + 1], passes[at + 1], moved[queue] = queue, pass, true
      else
        passes[first], moved[queue] = pass, true
      end
    end
    for index = first, last do
      local queue = ready[index]
      pass = math.min(pass, passes[index])
      if moved[queue] then
        changed[#changed + 1], changed[#changed + 2] = text_of(passes[index]), queue
      end
    end
    apply('ZADD', key('ready'), changed)
    clock = math.max(clock, math.min(pass, beyond or pass))
  end
  if total > 0 then
    redis.call('SET', memory, text_of(clock), 'PX', REMEMBERED)
  end
  return runs, total
end
