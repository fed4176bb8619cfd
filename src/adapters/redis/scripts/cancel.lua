-- Cancel a job from outside.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 id, 3 queue, 4 priority, 5 unique key or '', 6 keep in milliseconds (negative: for ever)
-- returns 'cancelled' | 'requested' | 'finished' | 'not_found'
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, status
local id, queue, priority, unique, keep = ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
if redis.call('EXISTS', key('data', id)) == 0 then
  return 'not_found'
end
local status = status_of(id)
if status == 'completed' or status == 'failed' or status == 'cancelled' then
  return 'finished'
end
if status == 'processing' then
  local state = state_of(id)
  local processing = key('processing', state.worker or '')
  local entry = string.match(redis.call('HGET', processing, id) or '', '^%S+ %S+ %d+')
  if entry then
    redis.call('HSET', processing, id, entry .. ' ' .. keep)
  end
  state.cancel, state.cancel_keep = '1', keep
  keep_state(id, state)
  return 'requested'
end
leave(id, status, queue, priority)
finish(id, queue, 'cancelled', milliseconds(), keep, unique, {reason = 'cancelled'})
return 'cancelled'
