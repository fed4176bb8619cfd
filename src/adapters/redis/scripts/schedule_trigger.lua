-- Enqueue a job of a schedule at once, beside its timetable.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 schedule, 3 id, 4 data, 5 queue, 6 priority, 7 unique key or '', 8 type
-- returns the id of the job, or of the one that holds its unique key | '' there is no such schedule
-- include: batches, lease, waking, waiting, state, handing, spreading, accept, schedules
if redis.call('HEXISTS', key('schedules'), ARGV[2]) == 0 then
  return ''
end
local ids, data = {ARGV[3]}, {ARGV[4]}
local kinds = {{queue = ARGV[5], priority = ARGV[6], type = ARGV[8], due = '', unique = ARGV[7]}}
local answers = judge(ids, data, kinds, function() return nil end)
if answers[1] ~= 0 and answers[1][1] == 'exists' then
  return ARGV[3]
end
local made = answers[1] == 0 and ARGV[3] or answers[1][2]
accept(ids, data, kinds, answers)
local now = milliseconds()
note(ARGV[2], string.format('%.0f', now), 'triggered', now, 1, made)
return made
