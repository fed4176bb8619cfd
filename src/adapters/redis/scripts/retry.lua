-- Put failed or cancelled jobs at the tail of their levels, their attempts at zero.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 which ('ended' | 'failed': dead letters only), then ids
-- returns per id: 'retried' | 'not_found' | 'lost' (its data are) | 'held' (another job has the unique key) | the status that does not allow it
-- include: batches, lease, waking, waiting, state, status, route, unique, dead
local function retry(id)
  local data, state = key('data', id), key('state', id)
  local envelope = redis.call('GET', data)
  if not envelope then
    return redis.call('EXISTS', state) == 1 and 'lost' or 'not_found'
  end
  local status = status_of(id)
  if status ~= 'failed' and (status ~= 'cancelled' or ARGV[2] ~= 'ended') then
    return status
  end
  local unique = unique_of(envelope)
  if unique ~= '' then
    local holder = redis.call('GET', key('unique', unique))
    if holder and holder ~= id and redis.call('EXISTS', key('data', holder)) == 1 then
      return 'held'
    end
    redis.call('SET', key('unique', unique), id)
  end
  redis.call('PERSIST', data)
  redis.call('PERSIST', state)
  redis.call('PERSIST', key('effects', id))
  local queue, priority = route(envelope)
  if status == 'failed' then
    queue = leave_dead(id, queue)
  else
    redis.call('LREM', key('cancelled'), 1, id)
  end
  local known = state_of(id)
  known.status, known.attempt, known.crashes, known.reason = 'pending', 0, 0, 'retried'
  for _, name in ipairs({'finished', 'result', 'cancel', 'cancel_keep', 'started', 'worker'}) do
    known[name] = nil
  end
  keep_state(id, known)
  push(queue, priority, {id}, false)
  return 'retried'
end

local answers = {}
for index = 3, #ARGV do
  answers[#answers + 1] = retry(ARGV[index])
end
return answers
