-- Read schedules.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, or '' for all
-- returns per schedule: {name, definition, next due millisecond or '', anchor, fired, skipped, missed, last fired instant
--         or '', paused by, queued instant or ''}
-- flags: no-writes
-- include: schedules
local reply = {}
for _, name in ipairs(ARGV[2] == '' and redis.call('HKEYS', key('schedules')) or {ARGV[2]}) do
  reply[#reply + 1] = entry_of(name)
end
return reply
