-- Note due instants of a schedule as missed.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 schedule, 3 due millisecond, 4 the latest instant, 5 following due millisecond or '', 6 their number
-- returns 1 noted | 0 refused
-- include: schedules, claiming
local name, now = ARGV[2], milliseconds()
if not claim_instant(name, ARGV[3], ARGV[4], ARGV[5], now) then
  return 0
end
redis.call('HINCRBY', schedule_state(name), 'missed', ARGV[6])
note(name, ARGV[4], 'missed', now, ARGV[6], '')
return 1
