-- endings(now): records terminal states, many at a time.
--   add(id, queue, status, keep, unique, fields): one job has ended. keep is in milliseconds, negative for ever; fields are
--   further pairs for its state. The unique key is freed where this job holds it.
--   close(): write what is written for many at once; call it once, after the last.
-- finish(id, queue, status, now, keep, unique, fields): one alone.
local function endings(now)
  local state_prefix, data_prefix, effects_prefix = key('state', ''), key('data', ''), key('effects', '')
  local listed, effects, keeps = {}, {}, {}

  local function add(id, queue, status, keep, unique, fields)
    local state = state_prefix .. id
    redis.call('HSET', state, 'status', status, 'finished', now, unpack(fields))
    if status == 'failed' then
      redis.call('ZADD', key('failed', queue), now, id)
    else
      local ids = listed[status] or {}
      listed[status] = ids
      ids[#ids + 1] = id
    end
    if keep >= 0 then
      redis.call('PEXPIRE', state, keep)
      redis.call('PEXPIRE', data_prefix .. id, keep)
      effects[#effects + 1] = effects_prefix .. id
      keeps[#keeps + 1] = keep
    end
    if unique ~= '' and redis.call('GET', key('unique', unique)) == id then
      redis.call('DEL', key('unique', unique))
    end
    tell_schedule(id)
  end

  local function close()
    for status, ids in pairs(listed) do
      apply('LPUSH', key(status), ids)
    end
    if count('EXISTS', effects) > 0 then
      for index, name in ipairs(effects) do
        redis.call('PEXPIRE', name, keeps[index])
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
