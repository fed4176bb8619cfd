-- Promote what is due, choose by weight, hand out, in one step.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 worker id, 3 most deliveries, 4 idle: 0 leave | 1 register when nothing is there | 2 unregister,
--         5 strict (1: the order of the queues decides), 6 join (1: the worker's first call), 7 digest of its queues,
--         8 number of queues, then per queue: name, weight (more than 16 may be left out, 0 being their number); then, only
--         after a reply was lost: 'resync' and the ids that the worker knows it holds; all others are given back
-- returns 0 when the worker's lease is gone, 1 when the digest is unknown and nothing was done, else {now, due millisecond
--         of the next delayed job or -1, the texts of jobs that lay in the worker's mailbox; then, where there are more, the
--         first fence, each next delivery has the next one, and four lists: in turn the list of a queue's level and how many
--         come from there, ids, data, and in turn position, attempt, crashes of those that were handed out before}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, state, handing, subscribing, taking

local worker, most, idle, strict = ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5] == '1'
local subscription = subscribed(7, strict)
if not subscription then
  return 1
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local microseconds = time[1] * 1000000 + time[2]

if not has_lease(worker) then
  if ARGV[6] ~= '1' then
    return 0
  end
  redis.call('HSETNX', key('workers'), worker, table.concat(subscription.all(), ' '))  -- until it tells its facts
  count_beat(worker, now)
end
redis.call('HDEL', key('waiters'), worker)
if idle == '2' then
  for _, queue in ipairs(subscription.all()) do
    redis.call('ZREM', key('idle', queue), worker)
  end
end
local posted, posted_ids, tokens = posted_to(worker)
if #posted > 0 or tokens > 0 then
  redis.call('DEL', key('mailbox', worker))
end
most = math.max(most - #posted, 0)

local after_queues = 9 + ARGV[8] * 2
if ARGV[after_queues] == 'resync' then
-- include: bell, ending, giving_back
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

local function first_due()
  return tonumber(redis.call('ZRANGE', key('delayed'), 0, 0, 'WITHSCORES')[2]) or -1
end

local next_due = first_due()
if next_due >= 0 and next_due <= now then
-- include: route, promoting
  promote(now, math.max(most, 200))
  next_due = first_due()
end

local runs, total
if strict then
-- include: in_order
  runs, total = choose_in_order(subscription, most)
else
-- include: by_weight
  runs, total = choose_by_weight(subscription, most)
end
local reply = {now, next_due, posted}
if total == 0 then
  if idle == '1' and #posted == 0 then
    redis.call('HSET', key('waiters'), worker, now)
    for _, queue in ipairs(subscription.all()) do
      redis.call('ZADD', key('idle', queue), now, worker)
    end
  end
  return reply
end

if total >= most and next_due >= 0 then
  wake(runs[1].queue, 1)  -- somebody who waits has to mind the next due time: this worker may be busy for long
end
local places = {}
for index, run in ipairs(runs) do
  places[index * 2 - 1], places[index * 2] = run.list, #run.ids
end
reply[4], reply[6], reply[7], reply[8] = hand_over(worker, runs, now, microseconds)
reply[5] = places
return reply
