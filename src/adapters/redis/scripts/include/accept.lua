-- judge(ids, data, kinds, room): one answer per message, in order, nothing written: 0 it can come in | {'exists', data} |
-- {'held', id} | {'full', queue}. Those that can come in count for the ones behind them. room(queue) is how many more a
-- queue may hold, nil without a cap.
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
  local accepted, holders, rooms, answers = {}, {}, {}, {}
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
      answers[index] = 0
      accepted[id] = data[index]
      if unique ~= '' then
        holders[unique] = id
      end
      if left then
        rooms[queue] = left - 1
      end
    end
  end
  return answers
end

-- Make new jobs wait where no worker does: what is asked once for all queues costs the same for a thousand of them.
local function line_up_all(queues)
  local names = {}
  for queue, levels in pairs(queues) do
    names[#names + 1] = queue
    for _, level in ipairs(levels) do
      apply('LPUSH', key('queue', queue, level.priority), level.ids)
    end
  end
  local came, least = {}, nil
  for index, pass in ipairs(many('ZMSCORE', names, key('ready'))) do
    if not pass then
      least = least or redis.call('GET', key('pass')) or 0
      came[#came + 1] = least
      came[#came + 1] = names[index]
    end
  end
  apply('ZADD', key('ready'), came)
end

local function accept(ids, data, kinds, answers)
  local written, queues, counts = {}, {}, {}
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
        local levels = queues[kind.queue]
        if not levels then
          levels = {}
          queues[kind.queue] = levels
        end
        local level = levels[kind.priority]
        if not level then
          level = {priority = kind.priority, ids = {}}
          levels[kind.priority] = level
          levels[#levels + 1] = level
        end
        level.ids[#level.ids + 1] = id
      end
      counts[kind] = (counts[kind] or 0) + 1
    end
  end
  for first = 1, #written, PART do
    redis.call('MSET', unpack(written, first, math.min(first + PART - 1, #written)))
  end
  local idle = {}
  for queue in pairs(queues) do
    idle[#idle + 1] = key('idle', queue)
  end
  if count('EXISTS', idle) == 0 then
    line_up_all(queues)
  else
    for queue, levels in pairs(queues) do
      spread(queue, levels)
    end
  end
  for kind, number in pairs(counts) do
    redis.call('HINCRBY', key('enqueued'), kind.type .. '|' .. kind.priority .. '|' .. kind.queue, number)
  end
end
