-- owned_by(worker): what a worker has, as {id, place} in the order in which to give it back, the latest taken first: each
-- goes to the head of its level, so they wait in the order they had.
-- give_back(worker, id, place, now, reason): put a job that a worker has, but does not run any more, back to the head of
-- its level; the attempt is not spent. place is what the processing hash says: its queue and level come first. A job whose cancelling
-- was asked for ends as cancelled; true then.
-- count_crash(id): one more crash of a job that a worker has; how many they are.
local function owned_by(worker)
  local reply = redis.call('HGETALL', key('processing', worker))
  local owned = {}
  for index = 1, #reply, 2 do
    local fence = tonumber(string.match(reply[index + 1], '^%S+ %S+ (%d+)')) or 0
    owned[#owned + 1] = {id = reply[index], place = reply[index + 1], fence = fence}
  end
  table.sort(owned, function(a, b) return a.fence > b.fence end)
  return owned
end

local function give_back(worker, id, place, now, reason)
  local queue, priority = string.match(place, '^(%S+) (%S+)')
  redis.call('HDEL', key('processing', worker), id)
  redis.call('HINCRBY', key('running'), queue, -1)
  local state = state_of(id)
  if state.cancel_keep then
    local parsed, envelope = pcall(cjson.decode, redis.call('GET', key('data', id)) or '')
    local unique = parsed and type(envelope) == 'table' and envelope.unique or ''
    finish(id, queue, 'cancelled', now, tonumber(state.cancel_keep), unique, {reason = 'cancelled'})
    return true
  end
  state.status, state.reason, state.attempt = 'pending', reason, math.max((tonumber(state.attempt) or 0) - 1, 0)
  keep_state(id, state)
  push(queue, priority, {id}, true)
  return false
end

local function count_crash(id)
  local state = state_of(id)
  state.status, state.crashes = state.status or 'processing', (tonumber(state.crashes) or 0) + 1
  keep_state(id, state)
  return state.crashes
end
