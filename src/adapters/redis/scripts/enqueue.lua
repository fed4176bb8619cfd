-- Take messages in, in order, one answer each.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 atomic (0 no | 1 all or none | 2 likewise, the ids that exist being known for the same jobs),
--         3 number of caps, 4 number of sorts, then per cap: queue, max_jobs; then per sort: type, due millisecond or '',
--         unique key or '', number of its kinds, and for each of these: queue, priority; then per message: id, data, number
--         of its kind
-- returns 0 where all were stored, which is said in fewer bytes than anything else; else per message: 0 stored |
--         {'exists', data} | {'held', id} | {'full', queue}; with atomic and a refusal, 'none' stands for a message that alone
--         would have been stored
-- include: batches, lease, waking, waiting, state, handing, spreading, room, accept
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
