-- Check a part of the list of completed or cancelled jobs. Entries of expired jobs are the sweep's.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), 3 completed or cancelled, 4 entries to leave out at the old end, 5 most entries
-- returns {findings, length of the list, entries looked at, ids that have data but no state, then all ids that stay}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, part, checking
local wanted, skipped = ARGV[3], tonumber(ARGV[4])
local list = key(wanted)
local now = milliseconds()
local stateless = {}
local length, ids = part(list, skipped, tonumber(ARGV[5]))
local reply, gone = {findings, length, #ids, stateless}, {}
for offset, id in ipairs(ids) do
  local status = status_in(redis.call('GET', key('state', id)))
  if not status then
    local left = redis.call('PTTL', key('data', id))
    if left > 0 then
      -- Only an ended job has an end of its retention.
      if found('state_lost', id, key('state', id), wanted) then
        restore(id, wanted, now)
      end
    elseif left == -1 then
      stateless[#stateless + 1] = id
    end
  end
  if mends and status and status ~= wanted then
    -- The id was used again after its first job had expired.
    gone[#gone + 1] = -skipped - offset
  else
    reply[#reply + 1] = id
  end
end
drop(list, gone)
return reply
