-- promote(now, most): make jobs wait in their queues whose time has come, the earliest first; of those with large payloads
-- not so many, so that no call takes long.
local function promote(now, most)
  local delayed = key('delayed')
  local due = redis.call('ZRANGEBYSCORE', delayed, '-inf', now, 'LIMIT', 0, most)
  if #due == 0 then
    return
  end
  local AT_ONCE, MOST_BYTES = 25, 1048576
  local data_prefix, names, states, written = key('data', ''), {}, {}, {}
  for index, id in ipairs(due) do
    names[index], states[index] = data_prefix .. id, state_prefix .. id
  end
  local texts = many('MGET', states)
  local is_counted = redis.call('EXISTS', key('delayed', 'changes')) == 1
  local counters, levels, order = {}, {}, {}

  local function add(id, state, text, data)
    local queue, priority = route(data)
    local known, kind = state_in(text), 'scheduled'
    if text then
      kind = known.status == 'retrying' and 'retrying' or kind
      known.status, known.due = 'pending', nil
      written[#written + 1], written[#written + 2] = state, state_text(known)
    end
    local counter = kind .. ':' .. queue
    counters[counter] = (counters[counter] or 0) + 1
    if is_counted then
      track('-', queue, id, kind)
    end
    local name = queue .. ' ' .. priority
    local level = levels[name]
    if not level then
      level = {queue = queue, priority = priority, ids = {}}
      levels[name] = level
      order[#order + 1] = level
    end
    level.ids[#level.ids + 1] = id
  end

  local promoted, bytes = 0, 0
  while promoted < #due and bytes < MOST_BYTES do
    local last = math.min(promoted + AT_ONCE, #due)
    for offset, data in ipairs(redis.call('MGET', unpack(names, promoted + 1, last))) do
      data = data or ''
      bytes = bytes + #data
      local index = promoted + offset
      add(due[index], states[index], texts[index], data)
    end
    promoted = last
  end
  set_all(written)
  redis.call('ZREMRANGEBYRANK', delayed, 0, promoted - 1)  -- they are the first ones: nothing came in between
  for counter, number in pairs(counters) do
    redis.call('HINCRBY', key('delayed', 'counts'), counter, -number)
  end
  for _, level in ipairs(order) do
    push(level.queue, level.priority, level.ids, false)
  end
end
