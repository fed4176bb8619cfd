-- Read schedules.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, or '' for all
-- returns per schedule: entry, next due millisecond, paused (1 or 0), last fired millisecond or ''
-- flags: no-writes
local reply = {}
local names = ARGV[2] == '' and redis.call('HKEYS', key('schedules')) or {ARGV[2]}
for _, name in ipairs(names) do
  local entry = redis.call('HGET', key('schedules'), name)
  if entry then
    local due = redis.call('ZSCORE', key('schedules', 'due'), name)
    reply[#reply + 1] = entry
    reply[#reply + 1] = due or redis.call('ZSCORE', key('schedules', 'paused'), name)
    reply[#reply + 1] = due and 0 or 1
    reply[#reply + 1] = redis.call('HGET', key('schedules', 'fired'), name) or ''
  end
end
return reply
