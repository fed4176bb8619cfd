-- Forget jobs that do not run.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 which ('any' | 'failed': dead letters only), then ids
-- returns per id: 'deleted' | 'not_found' | the status that does not allow it
-- flags: allow-oom
-- include: batches, lease, waking, waiting, state, status, route, unique, dead, bell, forgetting
local function delete(id)
  local data = redis.call('GET', key('data', id))
  if not data and redis.call('EXISTS', key('state', id)) == 0 then
    return 'not_found'
  end
  local status = status_of(id)
  if status == 'processing' or (status ~= 'failed' and ARGV[2] == 'failed') then
    return status
  end
  local queue, priority = route(data or '')
  leave(id, status, queue, priority)
  if status == 'failed' then
    leave_dead(id, queue)
  elseif status == 'completed' or status == 'cancelled' then
    redis.call('LREM', key(status), 1, id)
  end
  forget(id, unique_of(data or ''))
  return 'deleted'
end

local answers = {}
for index = 3, #ARGV do
  answers[#answers + 1] = delete(ARGV[index])
end
return answers
