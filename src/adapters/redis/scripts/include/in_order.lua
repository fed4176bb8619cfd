-- choose_in_order(subscription, most): take ids that wait, at most `most`: each queue until it is empty, in the order of the
-- subscription. Returns runs, as `take` adds them, and how many ids they are.
local function choose_in_order(subscription, most)
  local PAGE = 64
  local ready, size = redis.call('ZCARD', key('ready')), subscription.size()
  local runs, total = {}, 0

  local function serve(queues)
    local paused = paused_among(queues)
    for index, queue in ipairs(queues) do
      if total < most and paused[index] ~= 1 then
        total = total + take(queue, most - total, runs)
      end
    end
  end

  if ready == 0 or most == 0 then
    return runs, total
  end
  if ready <= PAGE and ready < size then
    local queues, positions, mine = redis.call('ZRANGE', key('ready'), 0, -1), {}, {}
    for index, position in ipairs(subscription.positions_of(queues)) do
      if position then
        mine[#mine + 1], positions[queues[index]] = queues[index], tonumber(position)
      end
    end
    table.sort(mine, function(a, b) return positions[a] < positions[b] end)
    serve(mine)
    return runs, total
  end
  for first = 0, size - 1, PAGE do
    local queues, mine = subscription.part(first, PAGE), {}
    for index, pass in ipairs(redis.call('ZMSCORE', key('ready'), unpack(queues))) do
      if pass then
        mine[#mine + 1] = queues[index]
      end
    end
    serve(mine)
    if total == most then
      break
    end
  end
  return runs, total
end
