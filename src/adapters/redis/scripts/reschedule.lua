-- Let a job that waits for a time wait for another one, or run now.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 id, 3 due millisecond, or '' for now
-- returns 'rescheduled' | 'not_found' | 'lost' (its data are) | the status that does not allow it
-- include: batches, lease, waking, waiting, route, state, status, handing, spreading
local id = ARGV[2]
local data, now = redis.call('GET', key('data', id)), milliseconds()
if not data then
  return redis.call('EXISTS', key('state', id)) == 1 and 'lost' or 'not_found'
end
local status = status_of(id)
if status ~= 'scheduled' and status ~= 'retrying' then
  return status
end
local queue, priority = route(data)
local state = state_of(id)
local due = ARGV[3] ~= '' and ARGV[3] or string.format('%d', now)
state.moved = due
if tonumber(due) > now then
  local delayed = key('delayed')
  state.status, state.due = status, due
  keep_state(id, state)
  redis.call('ZADD', delayed, due, id)
  if redis.call('ZRANGE', delayed, 0, 0)[1] == id then
    wake(queue, 1)
  end
else
  state.status, state.due = 'pending', nil
  keep_state(id, state)
  release(queue, id, status)
  spread(queue, {{priority = priority, ids = {id}}})
end
return 'rescheduled'
