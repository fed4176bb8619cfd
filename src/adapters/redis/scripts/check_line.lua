-- Check a part of a queue's list: each id has data, and no status but pending.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), 3 queue, 4 priority, 5 entries to leave out at the head's end, 6 most entries
-- returns {findings, length of the list, entries looked at, then the ids that stay}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, part, checking
local queue, priority, skipped = ARGV[3], ARGV[4], tonumber(ARGV[5])
local list = key('queue', queue, priority)
local now = milliseconds()
local length, ids = part(list, skipped, tonumber(ARGV[6]))
local reply, gone = {findings, length, #ids}, {}

local function stays(id)
  local exists = redis.call('EXISTS', key('data', id)) == 1
  local status = status_in(redis.call('GET', key('state', id)))
  if not exists and (not status or status == 'pending') then
    if not found('data_lost', id, list, 'waiting') then
      return true
    end
    bury(id, queue, now)
    return false
  end
  local due = not status and redis.call('ZSCORE', key('delayed'), id)
  if due and tonumber(due) <= now then
    if found('misplaced', id, key('delayed'), 'pending') then
      redis.call('ZREM', key('delayed'), id)
      track('-', queue, id, 'scheduled')
    end
    return true
  end
  if due or (status and status ~= 'pending') then
    return not found('misplaced', id, list, status or 'scheduled')
  end
  return true
end

for offset, id in ipairs(ids) do
  if stays(id) then
    reply[#reply + 1] = id
  else
    gone[#gone + 1] = -skipped - offset
  end
end
drop(list, gone)
return reply
