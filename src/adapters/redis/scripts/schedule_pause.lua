-- Pause a schedule by hand.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name
-- returns 1 it is paused | 0 there is none
-- flags: allow-oom
-- include: schedules
local name = ARGV[2]
if redis.call('HEXISTS', key('schedules'), name) == 0 then
  return 0
end
redis.call('HSET', schedule_state(name), 'paused_by', 'hand')
local due = due_of(name)
if due ~= '' then
  place(name, due, 'hand')
end
return 1
