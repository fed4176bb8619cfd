-- Promote what is due, choose by weight, hand out, in one step.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 worker id, 3 most deliveries, 4 idle: 0 leave | 1 register when nothing is there | 2 unregister,
--         5 strict (1: the order of the queues decides), 6 join (1: the worker's first call), 7 number of queues,
--         then per queue: name, weight; then, only after a reply was lost: 'resync' and the ids that the worker knows
--         it holds; all others are given back
-- returns 0 when the worker's lease is gone, else {now, due millisecond of the next delayed job or -1, then per delivery:
--         id, data or '', queue, priority, attempt, crashes, fence}
-- flags: allow-oom
-- include: waking, waiting, route, ending, giving_back, lease

local worker, most, idle, strict = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5] == '1'
local queue_count = tonumber(ARGV[7])
local weights, positions = {}, {}
for index = 1, queue_count do
  weights[ARGV[6 + index * 2]] = tonumber(ARGV[7 + index * 2])
  positions[ARGV[6 + index * 2]] = index
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local microseconds = time[1] * 1000000 + time[2]
local processing = key('processing', worker)

if not has_lease(worker) then
  if ARGV[6] ~= '1' then
    return 0
  end
  redis.call('HSETNX', key('workers'), worker, '')
  count_beat(worker, now)
end
if idle == '2' then
  for queue in pairs(weights) do
    redis.call('ZREM', key('idle', queue), worker)
  end
end
redis.call('DEL', key('mailbox', worker))

local after_queues = 8 + queue_count * 2
if ARGV[after_queues] == 'resync' then
  local held = {}
  for index = after_queues + 1, #ARGV do
    held[ARGV[index]] = true
  end
  for _, each in ipairs(owned_by(worker)) do
    if not held[each.id] then
      give_back(worker, each.id, each.place, now, 'given_back')
    end
  end
end

local due = redis.call('ZRANGEBYSCORE', key('delayed'), '-inf', now, 'LIMIT', 0, math.max(most, 100))
for _, id in ipairs(due) do
  local queue, priority = route(redis.call('GET', key('data', id)) or '')
  local state = key('state', id)
  local status = redis.call('HGET', state, 'status')
  release(queue, id, status == 'retrying' and 'retrying' or 'scheduled')
  if status then
    redis.call('HSET', state, 'status', 'pending')
    redis.call('HDEL', state, 'due')
  end
  push(queue, priority, {id}, false)
end

local taken = {}
local function take(queue, want)
  local before = #taken
  for _, priority in ipairs({'critical', 'high', 'normal', 'low'}) do
    local left = want - (#taken - before)
    if left <= 0 then
      break
    end
    for _, id in ipairs(redis.call('RPOP', key('queue', queue, priority), left) or {}) do
      taken[#taken + 1] = {id, queue, priority}
    end
  end
  local got = #taken - before
  if got < want then
    redis.call('ZREM', key('ready'), queue)
  end
  return got
end

-- The ready queues of this subscription that are not paused, least served first (or in the order asked for).
local paused = nil
local function candidates()
  local found, first = {}, 0
  while #found < 16 or strict do
    local page = redis.call('ZRANGE', key('ready'), first, first + 63, 'WITHSCORES')
    if #page == 0 then
      break
    end
    if not paused then
      paused = {}
      for _, queue in ipairs(redis.call('SMEMBERS', key('paused'))) do
        paused[queue] = true
      end
    end
    for index = 1, #page, 2 do
      if weights[page[index]] and not paused[page[index]] then
        found[#found + 1] = {queue = page[index], pass = tonumber(page[index + 1])}
      end
    end
    first = first + 64
  end
  if strict then
    table.sort(found, function(a, b) return positions[a.queue] < positions[b.queue] end)
  end
  return found
end

-- Stride scheduling: serve the queue with the least pass until it is no longer the least; a job moves the pass of its
-- queue by 1 / weight. A queue that becomes ready starts at the least pass of the time, so it claims no arrears.
local pass = nil
while #taken < most do
  local ready = candidates()
  if #ready == 0 then
    break
  end
  local served = false
  while #ready > 0 and #taken < most do
    local least = 1
    local second = nil
    if not strict then
      for index = 2, #ready do
        if ready[index].pass < ready[least].pass then
          second, least = ready[least].pass, index
        elseif not second or ready[index].pass < second then
          second = ready[index].pass
        end
      end
    end
    local entry = ready[least]
    local weight = weights[entry.queue]
    local want = most - #taken
    if second then
      want = math.min(want, math.floor((second - entry.pass) * weight) + 1)
    end
    local got = take(entry.queue, want)
    served = served or got > 0
    entry.pass = entry.pass + got / weight
    pass = entry.pass
    if got < want then
      table.remove(ready, least)
    else
      redis.call('ZADD', key('ready'), 'XX', string.format('%.6f', entry.pass), entry.queue)
    end
  end
  for _, entry in ipairs(ready) do
    pass = math.min(pass or entry.pass, entry.pass)
  end
  if not served then
    break
  end
end
if pass then
  redis.call('SET', key('pass'), string.format('%.6f', pass))
end

local next_due = redis.call('ZRANGE', key('delayed'), 0, 0, 'WITHSCORES')[2] or -1
local reply = {now, tonumber(next_due)}
if #taken == 0 then
  if idle == '1' then
    for queue in pairs(weights) do
      redis.call('ZADD', key('idle', queue), now, worker)
    end
  end
  return reply
end

local fence = math.max(tonumber(redis.call('GET', key('fence')) or 0) + 1, microseconds)
redis.call('SET', key('fence'), string.format('%.0f', fence + #taken - 1))
local owned, running = {}, {}
for index, entry in ipairs(taken) do
  local id, queue, priority = entry[1], entry[2], entry[3]
  local state = key('state', id)
  local known = redis.call('HMGET', state, 'attempt', 'crashes')
  local attempt = (tonumber(known[1]) or 0) + 1
  local token = string.format('%.0f', fence + index - 1)
  redis.call('HSET', state, 'status', 'processing', 'attempt', attempt, 'fence', token, 'started', now, 'worker', worker)
  owned[#owned + 1] = id
  owned[#owned + 1] = queue .. ' ' .. priority
  running[queue] = (running[queue] or 0) + 1
  local data = redis.call('GET', key('data', id)) or ''
  for _, value in ipairs({id, data, queue, priority, attempt, tonumber(known[2]) or 0, token}) do
    reply[#reply + 1] = value
  end
end
for first = 1, #owned, 4000 do
  redis.call('HSET', processing, unpack(owned, first, math.min(first + 3999, #owned)))
end
for queue, count in pairs(running) do
  redis.call('HINCRBY', key('running'), queue, count)
end
return reply
