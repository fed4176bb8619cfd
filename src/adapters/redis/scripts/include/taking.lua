-- take(queue, want, runs): take up to `want` ids that wait in a queue, the most urgent first, and add them to runs, as
-- {queue, priority, ids, list}; list is the name of the list that they were taken from. Returns how many they are. A queue
-- that is found empty is ready no more.
-- paused_among(queues): 1 for each that is paused.
local queue_prefix = key('queue', '')

local function take(queue, want, runs)
  local line = queue_prefix .. queue
  local critical, high, normal, low = line .. ':critical', line .. ':high', line .. ':normal', line .. ':low'
  local got = 0
  while got < want do
    local popped = redis.call('LMPOP', '4', critical, high, normal, low, 'RIGHT', 'COUNT', want - got)
    if not popped then
      redis.call('ZREM', key('ready'), queue)
      break
    end
    local list, ids = popped[1], popped[2]
    local priority = list == normal and 'normal' or list == high and 'high' or list == low and 'low' or 'critical'
    runs[#runs + 1] = {queue = queue, priority = priority, ids = ids, list = list}
    got = got + #ids
  end
  return got
end

local function paused_among(queues)
  if redis.call('EXISTS', key('paused')) == 0 then
    return {}
  end
  return many('SMISMEMBER', queues, key('paused'))
end
