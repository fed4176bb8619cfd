-- Claim a due instant of a schedule and enqueue its job, in one step.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 schedule, 3 due millisecond, 4 following due millisecond,
--         5 id, 6 data, 7 queue, 8 priority, 9 unique key or '', 10 type
-- returns 1 fired | 0 the instant is not claimable
-- include: batches, lease, waking, waiting, handing, accept
local due_set = key('schedules', 'due')
local due = redis.call('ZSCORE', due_set, ARGV[2])
if not due or tonumber(due) ~= tonumber(ARGV[3]) then
  return 0
end
redis.call('ZADD', due_set, ARGV[4], ARGV[2])
redis.call('HSET', key('schedules', 'fired'), ARGV[2], ARGV[3])
local ids, data = {ARGV[5]}, {ARGV[6]}
local kinds = {{queue = ARGV[7], priority = ARGV[8], type = ARGV[10], due = '', unique = ARGV[9]}}
accept(ids, data, kinds, judge(ids, data, kinds, function() return nil end))
return 1
