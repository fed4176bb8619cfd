-- A schedule and the instant up to which it is settled: its next one is the first after that.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name
-- returns {} when it is gone, else {its entry as in schedule_read.lua, instant}
-- flags: no-writes
-- include: schedules, ledgers
local entry = entry_of(ARGV[2])
if not entry then
  return {}
end
local known = redis.call('HMGET', schedule_state(ARGV[2]), 'anchor', 'resumed', 'forgotten', 'queued')
known[5] = settled_in(key('schedules', 'ledger', ARGV[2]))
local since = 0
for index = 1, 5 do
  since = math.max(since, tonumber(known[index] or 0))
end
return {entry, since}
