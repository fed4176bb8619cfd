-- Give back whatever a worker still has, and forget it.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 worker id, then the queues it took jobs from
-- returns how many jobs were given back
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, succeeding, state, ending, giving_back
local worker = ARGV[2]
for index = 3, #ARGV do
  redis.call('ZREM', key('idle', ARGV[index]), worker)
end
redis.call('HDEL', key('waiters'), worker)
local now = milliseconds()
succeed({unpack(ARGV, 3)})
local owned = owned_by(worker)
for _, each in ipairs(owned) do
  give_back(worker, each.id, each.place, now, 'given_back')
end
redis.call('HDEL', key('beats'), worker)
redis.call('HDEL', key('workers'), worker)
redis.call('DEL', key('mailbox', worker))
return #owned
