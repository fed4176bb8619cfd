-- judge(ids, data, kinds, room): one answer per message, in order, nothing written: 0 it can come in | {'exists', data} |
-- {'held', id} | {'full', queue}; and how many can come in. These count for the ones behind them. room(queue) is how many
-- more a queue may hold, nil without a cap.
-- accept(ids, data, kinds, answers): write the messages whose answer is 0.
-- kind: {queue, priority, type, due ('' for at once), unique ('' for none)}
local data_prefix = key('data', '')

local function holder_of(unique)
  local holder = redis.call('GET', key('unique', unique))
  return holder and redis.call('EXISTS', data_prefix .. holder) == 1 and holder
end

local function judge(ids, data, kinds, room)
  local names = {}
  for index, id in ipairs(ids) do
    names[index] = data_prefix .. id
  end
  local existing = many('MGET', names)
  local accepted, holders, rooms, answers, new = {}, {}, {}, {}, 0
  for index, id in ipairs(ids) do
    local kind = kinds[index]
    local queue, unique = kind.queue, kind.unique
    local known = existing[index] or accepted[id]
    local holder = not known and unique ~= '' and (holders[unique] or holder_of(unique))
    local left = rooms[queue]
    if left == nil then
      left = room(queue) or false
      rooms[queue] = left
    end
    if known then
      answers[index] = {'exists', known}
    elseif holder then
      answers[index] = {'held', holder}
    elseif left and left <= 0 then
      answers[index] = {'full', queue}
    else
      answers[index], new = 0, new + 1
      accepted[id] = data[index]
      if unique ~= '' then
        holders[unique] = id
      end
      if left then
        rooms[queue] = left - 1
      end
    end
  end
  return answers, new
end

-- Make new jobs wait where no worker does. What is asked once for all queues costs the same for a thousand of them.
local function line_up_all(lines)
  local came = {}
  for list, line in pairs(lines) do
    if apply('LPUSH', list, line.ids) == #line.ids then
      came[#came + 1], came[#came + 2] = 0, line.queue
    end
  end
  apply('ZADD', key('ready'), came, 'NX')
end

local function somebody_waits(lines)
  if redis.call('EXISTS', key('waiters')) == 0 then
    return false
  end
  local idle = {}
  for _, line in pairs(lines) do
    idle[#idle + 1] = key('idle', line.queue)
  end
  return count('EXISTS', idle) > 0
end

local function spread_all(lines)
  local queues = {}
  for _, line in pairs(lines) do
    local levels = queues[line.queue] or {}
    queues[line.queue] = levels
    levels[#levels + 1] = line
  end
  for queue, levels in pairs(queues) do
    spread(queue, levels)
  end
end

local function accept(ids, data, kinds, answers)
  local written, lines, line_of, counts = {}, {}, {}, {}

  local function line_for(kind)
    local list = key('queue', kind.queue, kind.priority)
    local line = lines[list] or {queue = kind.queue, priority = kind.priority, ids = {}}
    lines[list], line_of[kind] = line, line
    return line
  end

  for index, id in ipairs(ids) do
    if answers[index] == 0 then
      local kind = kinds[index]
      written[#written + 1] = data_prefix .. id
      written[#written + 1] = data[index]
      if kind.unique ~= '' then
        redis.call('SET', key('unique', kind.unique), id)
      end
      if kind.due ~= '' then
        hold(kind.queue, id, kind.due, 'scheduled')
      else
        local line = (line_of[kind] or line_for(kind)).ids
        line[#line + 1] = id
      end
      counts[kind] = (counts[kind] or 0) + 1
    end
  end
  set_all(written)
  if somebody_waits(lines) then
    spread_all(lines)
  else
    line_up_all(lines)
  end
  local changes = {}
  for kind, number in pairs(counts) do
    local field = kind.type .. '|' .. kind.priority .. '|' .. kind.queue
    changes[field] = (changes[field] or 0) + number
  end
  if next(changes) then
    add_to(key('enqueued'), changes)
  end
end
