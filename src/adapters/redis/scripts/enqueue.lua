-- Take messages in, in order, one answer each.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 atomic (0 no | 1 all or none | 2 likewise, the ids that exist being known for the same jobs),
--         3 number of caps, 4 number of kinds, then per cap: queue, max_jobs; then per kind: queue, priority, type,
--         due millisecond or '', unique key or ''; then per message: id, data, number of its kind
-- returns per message: 0 stored | {'exists', data} | {'held', id} | {'full', queue}; with atomic and a refusal,
--         'none' stands for a message that alone would have been stored
-- include: batches, lease, waking, waiting, handing, accept

local cap_count, kind_count = tonumber(ARGV[3]), tonumber(ARGV[4])
local caps, all_kinds = {}, {}
local at = 5
for _ = 1, cap_count do
  caps[ARGV[at]] = tonumber(ARGV[at + 1])
  at = at + 2
end
for number = 1, kind_count do
  all_kinds[tostring(number)] = {
    queue = ARGV[at], priority = ARGV[at + 1], type = ARGV[at + 2], due = ARGV[at + 3], unique = ARGV[at + 4],
  }
  at = at + 5
end
local ids, data, kinds = {}, {}, {}
for index = at, #ARGV, 3 do
  local number = #ids + 1
  ids[number], data[number], kinds[number] = ARGV[index], ARGV[index + 1], all_kinds[ARGV[index + 2]]
end

local function room(queue)
  if not caps[queue] then
    return nil
  end
  local held = tonumber(redis.call('HGET', key('delayed', 'counts'), 'scheduled:' .. queue) or 0)
  for _, priority in ipairs({'critical', 'high', 'normal', 'low'}) do
    held = held + redis.call('LLEN', key('queue', queue, priority))
  end
  return caps[queue] - held
end

local answers = judge(ids, data, kinds, room)
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
return answers
