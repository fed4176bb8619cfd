-- Give a schedule that is in no place one.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, 3 due millisecond, '' where it has ended
-- returns 1 done | 0 it is gone, or has a place
-- flags: allow-oom
-- include: schedules
local name = ARGV[2]
if redis.call('HEXISTS', key('schedules'), name) == 0 or due_of(name) ~= '' or redis.call('ZSCORE', key('schedules', 'ended'), name) then
  return 0
end
place(name, ARGV[3], redis.call('HGET', schedule_state(name), 'paused_by') or '')
return 1
