-- Forget a job that does not run.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 id, 3 queue, 4 priority, 5 unique key or ''
-- returns 'deleted' | 'not_found' | 'processing'
-- include: waking, waiting, status
local id, queue, priority, unique = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
if redis.call('EXISTS', key('data', id), key('state', id)) == 0 then
  return 'not_found'
end
local status = status_of(id)
if status == 'processing' then
  return status
end
leave(id, status, queue, priority)
if status == 'failed' then
  redis.call('ZREM', key('failed', queue), id)
elseif status == 'completed' or status == 'cancelled' then
  redis.call('LREM', key(status), 1, id)
end
if unique ~= '' and redis.call('GET', key('unique', unique)) == id then
  redis.call('DEL', key('unique', unique))
end
redis.call('DEL', key('data', id), key('state', id))
return 'deleted'
