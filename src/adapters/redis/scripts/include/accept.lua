-- judge(ids, data, kinds, room): one answer per message, in order, nothing written: 0 it can come in | {'exists', data} |
-- {'held', id} | {'full', queue}. Those that can come in count for the ones behind them. room(queue) is how many more a
-- queue may hold, nil without a cap.
-- accept(ids, data, kinds, answers): write the messages whose answer is 0.
-- kind: {queue, priority, type, due ('' for at once), unique ('' for none)}
local data_prefix = key('data', '')
local RANK = {low = 0, normal = 1, high = 2, critical = 3}

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

-- The first job of a queue in which nothing waits goes straight to a worker that waits, so that its blocked read returns it.
local function hand_over_one(levels)
  local first = {}
  for _, level in ipairs(levels) do
    local best = first[level.queue]
    if not best or RANK[level.priority] > RANK[best.priority] then
      first[level.queue] = level
    end
  end
  for queue, level in pairs(first) do
    local is_free = not redis.call('ZSCORE', key('ready'), queue) and redis.call('SISMEMBER', key('paused'), queue) == 0
    local worker = is_free and claim(queue)
    if worker then
      local job = {id = table.remove(level.ids, 1), queue = queue, priority = level.priority}
      local time = redis.call('TIME')
      local now = time[1] * 1000 + math.floor(time[2] / 1000)
      post(worker, job, hand_out(worker, {job}, now, time[1] * 1000000 + time[2]))
    end
  end
end

local function accept(ids, data, kinds, answers)
  local written, levels, order, counts = {}, {}, {}, {}
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
        local name = kind.queue .. ' ' .. kind.priority
        local level = levels[name]
        if not level then
          level = {queue = kind.queue, priority = kind.priority, ids = {}}
          levels[name] = level
          order[#order + 1] = level
        end
        level.ids[#level.ids + 1] = id
      end
      counts[kind] = (counts[kind] or 0) + 1
    end
  end
  for first = 1, #written, PART do
    redis.call('MSET', unpack(written, first, math.min(first + PART - 1, #written)))
  end
  hand_over_one(order)
  for _, level in ipairs(order) do
    if #level.ids > 0 then
      push(level.queue, level.priority, level.ids, false)
    end
  end
  for kind, number in pairs(counts) do
    redis.call('HINCRBY', key('enqueued'), kind.type .. '|' .. kind.priority .. '|' .. kind.queue, number)
  end
end
