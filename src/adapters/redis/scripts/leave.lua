-- Give back whatever a worker still has, and forget it.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 worker id, then the queues it took jobs from
-- returns how many jobs were given back
-- include: waking, waiting, ending, giving_back
local worker = ARGV[2]
for index = 3, #ARGV do
  redis.call('ZREM', key('idle', ARGV[index]), worker)
end
local owned = redis.call('HGETALL', key('processing', worker))
local now = milliseconds()
for index = 1, #owned, 2 do
  give_back(worker, owned[index], owned[index + 1], now)
end
redis.call('DEL', key('mailbox', worker))
redis.call('SREM', key('workers'), worker)
return #owned / 2
