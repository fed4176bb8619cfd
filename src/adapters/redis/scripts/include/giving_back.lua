-- give_back(worker, id, place, now): put a job that a worker has, but does not run, back to the head of its level; the
-- attempt is not spent. place is what the processing hash says: 'queue priority'. A job whose cancelling was asked for
-- ends as cancelled.
local function give_back(worker, id, place, now)
  local queue, priority = string.match(place, '^(%S+) (%S+)$')
  local state = key('state', id)
  redis.call('HDEL', key('processing', worker), id)
  redis.call('HINCRBY', key('running'), queue, -1)
  local keep = redis.call('HGET', state, 'cancel_keep')
  if keep then
    local parsed, envelope = pcall(cjson.decode, redis.call('GET', key('data', id)) or '')
    local unique = parsed and type(envelope) == 'table' and envelope.unique or ''
    finish(id, queue, 'cancelled', now, tonumber(keep), unique, {'reason', 'cancelled'})
  else
    redis.call('HSET', state, 'status', 'pending', 'reason', 'given_back')
    redis.call('HINCRBY', state, 'attempt', -1)
    push(queue, priority, {id}, true)
  end
end
