-- Take messages in, in order, one answer each.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 atomic (0 no | 1 all or none | 2 likewise, the ids that exist being known for the same jobs), 3 number of caps, then per cap: queue, max_jobs;
--         then per message: id, data, queue, priority, due millisecond or '', unique key or '', type
-- returns per message: 0 stored | {'exists', data} | {'held', id} | {'full', queue}; with atomic and a refusal,
--         'none' stands for a message that alone would have been stored
-- include: waking, waiting, accept

local atomic, cap_count = ARGV[2] ~= '0', tonumber(ARGV[3])
local caps, rooms = {}, {}
for index = 1, cap_count do
  caps[ARGV[2 + index * 2]] = tonumber(ARGV[3 + index * 2])
end

local function room(queue)
  if not caps[queue] then
    return nil
  end
  if not rooms[queue] then
    local held = tonumber(redis.call('HGET', key('delayed', 'counts'), 'scheduled:' .. queue) or 0)
    for _, priority in ipairs({'critical', 'high', 'normal', 'low'}) do
      held = held + redis.call('LLEN', key('queue', queue, priority))
    end
    rooms[queue] = caps[queue] - held
  end
  return rooms[queue]
end

local items = {}
for index = 4 + cap_count * 2, #ARGV, 7 do
  items[#items + 1] = {
    id = ARGV[index], data = ARGV[index + 1], queue = ARGV[index + 2], priority = ARGV[index + 3],
    due = ARGV[index + 4], unique = ARGV[index + 5], type = ARGV[index + 6],
  }
end

local answers, refused = {}, false
if atomic then
  local ids, uniques = {}, {}
  for index, item in ipairs(items) do
    local answer = inspect(item, room)
    if not answer and ids[item.id] then
      answer = {'exists', ids[item.id]}
    elseif not answer and item.unique ~= '' and uniques[item.unique] then
      answer = {'held', uniques[item.unique]}
    elseif not answer then
      ids[item.id] = item.data
      if item.unique ~= '' then
        uniques[item.unique] = item.id
      end
      if rooms[item.queue] then
        rooms[item.queue] = rooms[item.queue] - 1
      end
    end
    answers[index] = answer or 'none'
    local conflict = answer and answer[1] == 'exists' and answer[2] ~= item.data and ARGV[2] == '1'
    if conflict or answer and answer[1] == 'full' then
      refused = true
    end
  end
  if refused then
    return answers
  end
  rooms = {}
end

local pushed, order, counts = {}, {}, {}
for index, item in ipairs(items) do
  local answer = inspect(item, room)
  if answer then
    answers[index] = answer
  else
    accept(item)
    answers[index] = 0
    if rooms[item.queue] then
      rooms[item.queue] = rooms[item.queue] - 1
    end
    local level = item.queue .. ' ' .. item.priority
    if item.due == '' then
      if not pushed[level] then
        pushed[level] = {}
        order[#order + 1] = {item.queue, item.priority, pushed[level]}
      end
      table.insert(pushed[level], item.id)
    end
    local label = item.type .. '|' .. item.priority .. '|' .. item.queue
    counts[label] = (counts[label] or 0) + 1
  end
end

for _, level in ipairs(order) do
  push(level[1], level[2], level[3], false)
end
for label, count in pairs(counts) do
  redis.call('HINCRBY', key('enqueued'), label, count)
end
return answers
