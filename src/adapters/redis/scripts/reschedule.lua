-- Let a job that waits for a time wait for another one, or run now.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 id, 3 due millisecond, or '' for now
-- returns 'rescheduled' | 'not_found' | 'lost' (its data are) | the status that does not allow it
-- include: batches, lease, waking, waiting, route, status, handing, spreading
local id = ARGV[2]
local data, state, now = redis.call('GET', key('data', id)), key('state', id), milliseconds()
if not data then
  return redis.call('EXISTS', state) == 1 and 'lost' or 'not_found'
end
local status = status_of(id)
if status ~= 'scheduled' and status ~= 'retrying' then
  return status
end
local queue, priority = route(data)
local due = ARGV[3] ~= '' and ARGV[3] or string.format('%.0f', now)
if tonumber(due) > now then
  local delayed = key('delayed')
  redis.call('HSET', state, 'status', status, 'due', due, 'moved', due)
  redis.call('ZADD', delayed, due, id)
  if redis.call('ZRANGE', delayed, 0, 0)[1] == id then
    wake(queue, 1)
  end
else
  redis.call('HSET', state, 'status', 'pending', 'moved', due)
  redis.call('HDEL', state, 'due')
  release(queue, id, status)
  spread(queue, {{priority = priority, ids = {id}}})
end
return 'rescheduled'
