-- Give back the jobs of a dead worker and end its lease.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 worker id, 3 the beat that was seen to stand still, '' for none; '*' when the death is certain
-- returns 0 when the worker has beaten since, else per job that may have begun: id, data or '', crashes, 1 cancelled or 0
--         waiting again; what lay unread in its mailbox has not begun, and counts no crash
-- flags: allow-oom
-- include: batches, lease, waking, waiting, route, bell, succeeding, state, ending, giving_back, handing
local worker, seen = ARGV[2], ARGV[3]
if seen ~= '*' and (redis.call('HGET', key('beats'), worker) or '') ~= seen then
  return 0
end
-- First of all: a job that is given back must not wake the dead.
redis.call('HDEL', key('waiters'), worker)
local told = redis.call('HGET', key('workers'), worker) or ''
local parsed, facts = pcall(cjson.decode, told)
local queues = parsed and type(facts) == 'table' and facts.queues or {}
if string.sub(told, 1, 1) ~= '{' then  -- it had not told its facts yet
  for queue in string.gmatch(told, '%S+') do
    queues[#queues + 1] = queue
  end
end
for _, queue in ipairs(queues) do
  redis.call('ZREM', key('idle', queue), worker)
end
succeed(queues)
local reply = {}
local now = milliseconds()
local _, unread = posted_to(worker)
for _, owned in ipairs(owned_by(worker)) do
  if unread[owned.id] then
    give_back(worker, owned.id, owned.place, now, 'given_back')
  else
    local crashes = count_crash(owned.id)
    local cancelled = give_back(worker, owned.id, owned.place, now, 'lease_expired')
    reply[#reply + 1] = owned.id
    reply[#reply + 1] = redis.call('GET', key('data', owned.id)) or ''
    reply[#reply + 1] = crashes
    reply[#reply + 1] = cancelled and 1 or 0
  end
end
redis.call('HDEL', key('beats'), worker)
redis.call('HDEL', key('workers'), worker)
redis.call('DEL', key('processing', worker), key('mailbox', worker))
return reply
