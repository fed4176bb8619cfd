-- Promote what is due, choose by weight, hand out, in one step.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 worker id, 3 most deliveries, 4 idle: 0 leave | 1 register when nothing is there | 2 unregister,
--         5 strict (1: the order of the queues decides), 6 join (1: the worker's first call), 7 number of queues,
--         then per queue: name, weight; then, only after a reply was lost: 'resync' and the ids that the worker knows
--         it holds; all others are given back
-- returns 0 when the worker's lease is gone, else {now, due millisecond of the next delayed job or -1, the texts of jobs that
--         lay in the worker's mailbox; then, where there are more, the first fence, and per delivery: id, data or '',
--         'queue priority', attempt, crashes; each has the next fence}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, route, bell, ending, giving_back, handing, promoting

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

if not has_lease(worker) then
  if ARGV[6] ~= '1' then
    return 0
  end
  local names = {}
  for queue in pairs(weights) do
    names[#names + 1] = queue
  end
  redis.call('HSETNX', key('workers'), worker, table.concat(names, ' '))  -- until it tells its facts
  count_beat(worker, now)
end
redis.call('HDEL', key('waiters'), worker)
if idle == '2' then
  for queue in pairs(weights) do
    redis.call('ZREM', key('idle', queue), worker)
  end
end
local posted, posted_ids, tokens = posted_to(worker)
if #posted > 0 or tokens > 0 then
  redis.call('DEL', key('mailbox', worker))
end
most = math.max(most - #posted, 0)

local after_queues = 8 + queue_count * 2
if ARGV[after_queues] == 'resync' then
  local held = posted_ids
  for index = after_queues + 1, #ARGV do
    held[ARGV[index]] = true
  end
  for _, each in ipairs(owned_by(worker)) do
    if not held[each.id] then
      give_back(worker, each.id, each.place, now, 'given_back')
    end
  end
end

promote(now, math.max(most, 500))

local taken = {}
local LEVELS = {'critical', 'high', 'normal', 'low'}
local function take(queue, want)
  local lists, levels = {}, {}
  for index, priority in ipairs(LEVELS) do
    lists[index] = key('queue', queue, priority)
    levels[lists[index]] = priority
  end
  local got = 0
  while got < want do
    local popped = redis.call('LMPOP', #lists, lists[1], lists[2], lists[3], lists[4], 'RIGHT', 'COUNT', want - got)
    if not popped then
      redis.call('ZREM', key('ready'), queue)
      break
    end
    for _, id in ipairs(popped[2]) do
      taken[#taken + 1] = {id = id, queue = queue, priority = levels[popped[1]]}
    end
    got = got + #popped[2]
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
local reply = {now, tonumber(next_due), posted}
if #taken == 0 then
  if idle == '1' and #posted == 0 then
    redis.call('HSET', key('waiters'), worker, now)
    for queue in pairs(weights) do
      redis.call('ZADD', key('idle', queue), now, worker)
    end
  end
  return reply
end

if #taken >= most and reply[2] >= 0 then
  wake(taken[1].queue, 1)  -- somebody who waits has to mind the next due time: this worker may be busy for long
end
reply[4] = hand_out(worker, taken, now, microseconds)
local at = 5
for _, job in ipairs(taken) do
  reply[at], reply[at + 1], reply[at + 2], reply[at + 3], reply[at + 4] = job.id, job.data, job.place, job.attempt, job.crashes
  at = at + 5
end
return reply
