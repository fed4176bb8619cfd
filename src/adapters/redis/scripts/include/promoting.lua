-- promote(now, most): make jobs wait in their queues whose time has come, the earliest first.
local function promote(now, most)
  local due = redis.call('ZRANGEBYSCORE', key('delayed'), '-inf', now, 'LIMIT', 0, most)
  if #due == 0 then
    return
  end
  local names, states = {}, {}
  for index, id in ipairs(due) do
    names[index], states[index] = key('data', id), key('state', id)
  end
  local data = many('MGET', names)
  local have_state = count('EXISTS', states) > 0
  local counters, notes, levels, order = {}, {}, {}, {}
  for index, id in ipairs(due) do
    local queue, priority = route(data[index] or '')
    local status = have_state and redis.call('HGET', states[index], 'status')
    if status then
      redis.call('HSET', states[index], 'status', 'pending')
      redis.call('HDEL', states[index], 'due')
    end
    local counter = (status == 'retrying' and 'retrying:' or 'scheduled:') .. queue
    counters[counter] = (counters[counter] or 0) + 1
    notes[index] = '-' .. counter .. ' ' .. id
    local name = queue .. ' ' .. priority
    local level = levels[name]
    if not level then
      level = {queue = queue, priority = priority, ids = {}}
      levels[name] = level
      order[#order + 1] = level
    end
    level.ids[#level.ids + 1] = id
  end
  apply('ZREM', key('delayed'), due)
  for counter, number in pairs(counters) do
    redis.call('HINCRBY', key('delayed', 'counts'), counter, -number)
  end
  apply('RPUSHX', key('delayed', 'changes'), notes)
  for _, level in ipairs(order) do
    push(level.queue, level.priority, level.ids, false)
  end
end
