-- Claim a due instant of a schedule and enqueue its job, in one step.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 schedule, 3 due millisecond, 4 following due millisecond,
--         5 id, 6 data, 7 queue, 8 priority, 9 unique key or '', 10 type
-- returns 1 fired | 0 the instant is not claimable
-- include: waking, waiting, accept
local due_set = key('schedules', 'due')
local due = redis.call('ZSCORE', due_set, ARGV[2])
if not due or tonumber(due) ~= tonumber(ARGV[3]) then
  return 0
end
redis.call('ZADD', due_set, ARGV[4], ARGV[2])
redis.call('HSET', key('schedules', 'fired'), ARGV[2], ARGV[3])
local item = {id = ARGV[5], data = ARGV[6], queue = ARGV[7], priority = ARGV[8], due = '', unique = ARGV[9], type = ARGV[10]}
if not inspect(item, function() return nil end) then
  accept(item)
  push(item.queue, item.priority, {item.id}, false)
  redis.call('HINCRBY', key('enqueued'), item.type .. '|' .. item.priority .. '|' .. item.queue, 1)
end
return 1
