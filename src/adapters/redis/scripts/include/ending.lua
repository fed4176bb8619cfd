-- endings(now): records terminal states, many at a time.
--   add(id, queue, status, keep, unique, fields): one job has ended. keep is in milliseconds, negative for ever; fields are
--   further pairs for its state. The unique key is freed where this job holds it.
--   close(): write it all; call it once, after the last. Until then no state tells of it.
-- finish(id, queue, status, now, keep, unique, fields): one alone.
local function endings(now)
  local call = redis.call
  local state_prefix, data_prefix, effects_prefix = key('state', ''), key('data', ''), key('effects', '')
  local states, statuses, changes, listed, deadlines = {}, {}, {}, {}, {}
  local kept, ends, effects, effects_end = {}, {}, {}, {}
  local have_effects, finished = call('HGET', KEYS[1], 'effects'), string.format('%d', now)

  local function add(id, queue, status, keep, unique, fields)
    local number, state = #states + 1, state_prefix .. id
    states[number], statuses[number], changes[number] = state, status, fields
    if status == 'failed' then
      call('ZADD', key('failed', queue), now, id)
    else
      local ids = listed[status] or {}
      listed[status] = ids
      ids[#ids + 1] = id
    end
    if keep >= 0 then
      -- As an instant: the server rewrites a span into one, twice for each job.
      local deadline, last = deadlines[keep] or string.format('%d', keep > 0 and now + keep or 0), #kept
      deadlines[keep] = deadline
      kept[last + 1], kept[last + 2], ends[last + 1], ends[last + 2] = state, data_prefix .. id, deadline, deadline
      if have_effects then
        effects[#effects + 1] = effects_prefix .. id
        effects_end[#effects] = deadline
      end
    end
    if unique ~= '' and call('GET', key('unique', unique)) == id then
      call('DEL', key('unique', unique))
    end
    tell_schedule(id)
  end

  local function close()
    -- One command for all, and only then the next: the server's code for one fits its processor's cache, that for two does not.
    for index, state in ipairs(states) do
      call('HSET', state, 'status', statuses[index], 'finished', finished, unpack(changes[index]))
    end
    for index, name in ipairs(kept) do
      call('PEXPIREAT', name, ends[index])
    end
    if count('EXISTS', effects) > 0 then
      for index, name in ipairs(effects) do
        call('PEXPIREAT', name, effects_end[index])
      end
    end
    for status, ids in pairs(listed) do
      apply('LPUSH', key(status), ids)
    end
  end

  return {add = add, close = close}
end

local function finish(id, queue, status, now, keep, unique, fields)
  local ended = endings(now)
  ended.add(id, queue, status, keep, unique, fields)
  ended.close()
end
