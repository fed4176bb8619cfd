-- Take messages in, in order, one answer each.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 atomic (0 no | 1 all or none | 2 likewise, the ids that exist being known for the same jobs),
--         3 number of caps, 4 number of sorts, then per cap: queue, max_jobs; then per sort: type, due millisecond or '',
--         unique key or '', number of its kinds, and for each of these: queue, priority; then per message: id, data, number
--         of its kind
-- returns 0 where all were stored, which is said in fewer bytes than anything else; else per message: 0 stored |
--         {'exists', data} | {'held', id} | {'full', queue}; with atomic and a refusal, 'none' stands for a message that alone
--         would have been stored

local function load_of(queue)
  local sum = tonumber(redis.call('HGET', key('delayed', 'counts'), 'scheduled:' .. queue) or 0)
  for _, priority in ipairs({'critical', 'high', 'normal', 'low'}) do
    sum = sum + redis.call('LLEN', key('queue', queue, priority))
  end
  return sum
end

-- Most calls bring one message, mostly to a queue for which no worker waits. Such a call defines nothing that it does not
-- need: what is included below costs more to define than this takes to run.
local cap = ARGV[3] == '1' and ARGV[5] == ARGV[11] and tonumber(ARGV[6])
local first = cap and 7 or 5
local is_lone = #ARGV == first + 8 and ARGV[first + 2] == ''
local due, queue, priority, id = ARGV[first + 1], ARGV[first + 4], ARGV[first + 5], ARGV[first + 6]
if is_lone then
  local data = key('data', id)
  if cap and load_of(queue) >= cap then
    local known = redis.call('GET', data)
    return {known and {'exists', known} or {'full', queue}}
  end
  if not redis.call('SET', data, ARGV[first + 7], 'NX') then
    return {{'exists', redis.call('GET', data)}}
  end
  redis.call('HINCRBY', key('enqueued'), ARGV[first] .. '|' .. priority .. '|' .. queue, 1)
  if due == '' and redis.call('EXISTS', key('idle', queue)) == 0 then
    if redis.call('LPUSH', key('queue', queue, priority), id) == 1 then
      redis.call('ZADD', key('ready'), 'NX', 0, queue)
    end
    return 0
  end
end

-- include: batches, lease, waking, waiting
if is_lone and due ~= '' then
  hold(queue, id, due, 'scheduled')
  return 0
end

-- include: state, handing, spreading
if is_lone then
  spread(queue, {{priority = priority, ids = {id}}})
  return 0
end

-- include: accept
local caps, all_kinds = {}, {}
local at, number = 5, 0
for _ = 1, tonumber(ARGV[3]) do
  caps[ARGV[at]] = tonumber(ARGV[at + 1])
  at = at + 2
end
for _ = 1, tonumber(ARGV[4]) do
  local kind_type, kind_due, unique, last = ARGV[at], ARGV[at + 1], ARGV[at + 2], at + 2 + 2 * ARGV[at + 3]
  for index = at + 4, last, 2 do
    number = number + 1
    all_kinds[tostring(number)] = {
      queue = ARGV[index], priority = ARGV[index + 1], type = kind_type, due = kind_due, unique = unique,
    }
  end
  at = last + 2
end
local ids, data, kinds = {}, {}, {}
for index = at, #ARGV, 3 do
  local position = #ids + 1
  ids[position], data[position], kinds[position] = ARGV[index], ARGV[index + 1], all_kinds[ARGV[index + 2]]
end

local function room(name)
  return caps[name] and caps[name] - load_of(name)
end

local answers, new = judge(ids, data, kinds, room)
if ARGV[2] ~= '0' then
  local refused = false
  for index, answer in ipairs(answers) do
    local conflict = answer ~= 0 and answer[1] == 'exists' and answer[2] ~= data[index] and ARGV[2] == '1'
    refused = refused or conflict or answer ~= 0 and answer[1] == 'full'
  end
  if refused then
    for index, answer in ipairs(answers) do
      answers[index] = answer == 0 and 'none' or answer
    end
    return answers
  end
end
accept(ids, data, kinds, answers)
return new == #ids and 0 or answers
