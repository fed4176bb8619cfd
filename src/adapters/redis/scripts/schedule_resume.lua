-- Let a paused schedule go on. One that is not paused stays as it is.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, 3 next due millisecond, '' where it has ended
-- returns 1 it is not paused | 0 there is none
-- flags: allow-oom
-- include: bell, schedules
local name, state = ARGV[2], schedule_state(ARGV[2])
if redis.call('HEXISTS', key('schedules'), name) == 0 then
  return 0
end
if redis.call('HEXISTS', state, 'paused_by') == 1 or redis.call('ZSCORE', key('schedules', 'paused'), name) then
  redis.call('HDEL', state, 'paused_by')
  redis.call('HSET', state, 'resumed', string.format('%.0f', milliseconds()))
  place(name, ARGV[3], '')
  ring()
end
return 1
