-- Check a part of the jobs that wait for a time, and tell which counter counts each.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), 3 cursor, 0 at first, 4 about how many entries to look at
-- returns {findings, next cursor, then per job: id, its counter}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, checking
local delayed = key('delayed')
local now = milliseconds()
local page = redis.call('ZSCAN', delayed, ARGV[3], 'COUNT', ARGV[4])
local reply = {findings, page[1]}
for index = 1, #page[2], 2 do
  local id = page[2][index]
  local known = state_of(id)
  local status = known.status
  local fact = facts(id)
  if status and status ~= 'scheduled' and status ~= 'retrying' then
    if found('misplaced', id, delayed, status) then
      redis.call('ZREM', delayed, id)
      track('-', fact and fact.queue or 'default', id, 'scheduled')
    end
  elseif not fact then
    if found('data_lost', id, delayed, status or 'scheduled') then
      redis.call('ZREM', delayed, id)
      track('-', 'default', id, 'scheduled')
      bury(id, known.queue or 'default', now)
    end
  else
    reply[#reply + 1] = id
    reply[#reply + 1] = (status or 'scheduled') .. ':' .. fact.queue
  end
end
return reply
