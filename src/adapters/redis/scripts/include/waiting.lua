-- push(queue, priority, ids, at_head): make ids wait in their level, at the tail or at the head, and wake workers.
-- hold(queue, id, due, kind): make an id wait for a time; kind is 'scheduled' or 'retrying'.
-- release(queue, id, kind): take an id out of the delayed set.
local function push(queue, priority, ids, at_head)
  local list = key('queue', queue, priority)
  local command = at_head and 'RPUSH' or 'LPUSH'
  for first = 1, #ids, 4000 do
    redis.call(command, list, unpack(ids, first, math.min(first + 3999, #ids)))
  end
  redis.call('ZADD', key('ready'), 'NX', redis.call('GET', key('pass')) or 0, queue)
  wake(queue, #ids)
end

local function hold(queue, id, due, kind)
  local delayed = key('delayed')
  redis.call('ZADD', delayed, due, id)
  redis.call('HINCRBY', key('delayed', 'counts'), kind .. ':' .. queue, 1)
  if redis.call('ZRANGE', delayed, 0, 0)[1] == id then
    wake(queue, 1)
  end
end

local function release(queue, id, kind)
  redis.call('ZREM', key('delayed'), id)
  redis.call('HINCRBY', key('delayed', 'counts'), kind .. ':' .. queue, -1)
end
