-- endings(now): records terminal states, many at a time.
--   way(status, fields): how jobs end: fields, such as reason and error, are added to the state of each.
--   add(id, queue, way, keep, unique, text, result): one job has ended. keep is in milliseconds, negative for ever; text is that
--   of its state, false for none; result is nil for none. The unique key is freed where this job holds it.
--   close(): write it all; call it once, after the last. Until then no state tells of it.
-- finish(id, queue, status, now, keep, unique, fields): one alone.
local RUNS = '{"status":"processing"'

local function endings(now)
  local call, sub = redis.call, string.sub
  local data_prefix, effects_prefix = key('data', ''), key('effects', '')
  local names, texts, ends, deadlines = {}, {}, {}, {}
  local data, effects, lasting, listed = {}, {}, {}, {}
  local have_effects, finished = call('HGET', KEYS[1], 'effects'), string.format('%d', now)

  local function way(status, fields)
    fields.finished = finished
    local added = ',' .. sub(cjson.encode(fields), 2, -2)
    return {status = status, fields = fields, head = '{"status":"' .. status .. '"', added = added}
  end

  local function text_of(way, text, result)
    if text and string.find(text, RUNS, 1, true) == 1 then
      -- The rest need not be read: of two fields of one name the later one counts.
      local last = result and ',"result":' .. cjson.encode(result) .. '}' or '}'
      return way.head .. sub(text, #RUNS + 1, -2) .. way.added .. last
    end
    local fields = state_in(text)
    for name, value in pairs(way.fields) do
      fields[name] = value
    end
    fields.status, fields.result = way.status, result
    return state_text(fields)
  end

  local function add(id, queue, way, keep, unique, text, result)
    local state, status, ended = state_prefix .. id, way.status, text_of(way, text, result)
    if keep < 0 then
      lasting[#lasting + 1], lasting[#lasting + 2] = state, ended
    else
      -- As an instant: the server rewrites a span into one. One that is over has the server remove the job at once.
      local number, deadline = #names + 1, deadlines[keep] or string.format('%d', keep > 0 and now + keep or 1)
      deadlines[keep] = deadline
      names[number], texts[number], ends[number], data[number] = state, ended, deadline, data_prefix .. id
      if have_effects then
        effects[number] = effects_prefix .. id
      end
    end
    if status == 'failed' then
      call('ZADD', key('failed', queue), now, id)
    else
      local ids = listed[status] or {}
      listed[status] = ids
      ids[#ids + 1] = id
    end
    if unique ~= '' and call('GET', key('unique', unique)) == id then
      call('DEL', key('unique', unique))
    end
    tell_schedule(id)
  end

  local function close()
    -- One command for all, and only then the next: the server's code for one fits its processor's cache, that for two does not.
    for index, state in ipairs(names) do
      call('SET', state, texts[index], 'PXAT', ends[index])
    end
    for index, name in ipairs(data) do
      call('PEXPIREAT', name, ends[index])
    end
    if count('EXISTS', effects) > 0 then
      for index, name in ipairs(effects) do
        call('PEXPIREAT', name, ends[index])
      end
    end
    set_all(lasting)
    for status, ids in pairs(listed) do
      apply('LPUSH', key(status), ids)
    end
  end

  return {way = way, add = add, close = close}
end

local function finish(id, queue, status, now, keep, unique, fields)
  local ended = endings(now)
  ended.add(id, queue, ended.way(status, fields), keep, unique, redis.call('GET', state_prefix .. id))
  ended.close()
end
