-- Put a failed or cancelled job at the tail of its level, its attempts at zero.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 id, 3 queue, 4 priority, 5 unique key or ''
-- returns 'retried' | 'not_found' | 'held' (another job has the unique key) | the status that does not allow it
-- include: waking, waiting, status
local id, queue, priority, unique = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local data, state = key('data', id), key('state', id)
if redis.call('EXISTS', data) == 0 then
  return 'not_found'
end
local status = status_of(id)
if status ~= 'failed' and status ~= 'cancelled' then
  return status
end
if unique ~= '' then
  local holder = redis.call('GET', key('unique', unique))
  if holder and holder ~= id and redis.call('EXISTS', key('data', holder)) == 1 then
    return 'held'
  end
  redis.call('SET', key('unique', unique), id)
end
redis.call('PERSIST', data)
redis.call('PERSIST', state)
if status == 'failed' then
  redis.call('ZREM', key('failed', queue), id)
else
  redis.call('LREM', key('cancelled'), 1, id)
end
redis.call('HSET', state, 'status', 'pending', 'attempt', 0, 'reason', 'retried')
redis.call('HDEL', state, 'finished', 'result', 'cancel', 'cancel_keep', 'started', 'worker')
push(queue, priority, {id}, false)
return 'retried'
