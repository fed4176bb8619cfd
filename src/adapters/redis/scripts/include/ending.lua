-- endings(now): records terminal states, many at a time.
--   add(id, queue, status, keep, unique, fields): one job has ended. keep is in milliseconds, negative for ever; fields are
--   further pairs for its state. The unique key is freed where this job holds it.
--   close(): write what is written for many at once; call it once, after the last.
-- finish(id, queue, status, now, keep, unique, fields): one alone.
local function endings(now)
  local call = redis.call
  local state_prefix, data_prefix, effects_prefix = key('state', ''), key('data', ''), key('effects', '')
  local listed, effects, ends, deadlines = {}, {}, {}, {}
  local have_effects = call('HGET', KEYS[1], 'effects')

  local function add(id, queue, status, keep, unique, fields)
    local state = state_prefix .. id
    call('HSET', state, 'status', status, 'finished', now, unpack(fields))
    if status == 'failed' then
      call('ZADD', key('failed', queue), now, id)
    else
      local ids = listed[status] or {}
      listed[status] = ids
      ids[#ids + 1] = id
    end
    if keep >= 0 then
      -- As an instant: the server rewrites a span into one, twice for each job.
      local deadline = deadlines[keep] or string.format('%.0f', keep > 0 and now + keep or 0)
      deadlines[keep] = deadline
      call('PEXPIREAT', state, deadline)
      call('PEXPIREAT', data_prefix .. id, deadline)
      if have_effects then
        local number = #effects + 1
        effects[number], ends[number] = effects_prefix .. id, deadline
      end
    end
    if unique ~= '' and call('GET', key('unique', unique)) == id then
      call('DEL', key('unique', unique))
    end
    tell_schedule(id)
  end

  local function close()
    for status, ids in pairs(listed) do
      apply('LPUSH', key(status), ids)
    end
    if count('EXISTS', effects) > 0 then
      for index, name in ipairs(effects) do
        call('PEXPIREAT', name, ends[index])
      end
    end
  end

  return {add = add, close = close}
end

local function finish(id, queue, status, now, keep, unique, fields)
  local ended = endings(now)
  ended.add(id, queue, status, keep, unique, fields)
  ended.close()
end
