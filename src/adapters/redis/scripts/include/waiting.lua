-- line_up(queue, priority, ids, at_head): make ids wait in their level, at the tail or at the head.
-- push(queue, priority, ids, at_head): likewise, and wake workers unless the queue is paused.
-- hold(queue, id, due, kind): make an id wait for a time; kind is 'scheduled' or 'retrying'.
-- release(queue, id, kind): take an id out of the delayed set.
-- track(sign, queue, id, kind): note that an id came ('+') or went ('-') where somebody counts the delayed set.
local function track(sign, queue, id, kind)
  redis.call('RPUSHX', key('delayed', 'changes'), sign .. kind .. ':' .. queue .. ' ' .. id)
end

local function line_up(queue, priority, ids, at_head)
  apply(at_head and 'RPUSH' or 'LPUSH', key('queue', queue, priority), ids)
  redis.call('ZADD', key('ready'), 'NX', 0, queue)
end

local function push(queue, priority, ids, at_head)
  line_up(queue, priority, ids, at_head)
  if redis.call('SISMEMBER', key('paused'), queue) == 0 then
    wake(queue, #ids)
  end
end

local function hold(queue, id, due, kind)
  local delayed = key('delayed')
  redis.call('ZADD', delayed, due, id)
  redis.call('HINCRBY', key('delayed', 'counts'), kind .. ':' .. queue, 1)
  track('+', queue, id, kind)
  if redis.call('ZRANGE', delayed, 0, 0)[1] == id then
    wake(queue, 1)
  end
end

local function release(queue, id, kind)
  redis.call('ZREM', key('delayed'), id)
  redis.call('HINCRBY', key('delayed', 'counts'), kind .. ':' .. queue, -1)
  track('-', queue, id, kind)
end
