-- Fire the instants that waited for jobs which have ended, and tell what is due.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 most entries
-- returns {now, the earliest due millisecond or '', revision or '', 1 when an instant waits or 0, per instant that waited:
--         {schedule, instant, id}, per due schedule: its entry as in schedule_read.lua}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, state, handing, spreading, accept, unique, schedules, firing

-- A full server lets it run: what it enqueues is stored already.
local queued, due = key('schedules', 'queued'), key('schedules', 'due')
local now = milliseconds()

local function release_queued(name)
  local head, data = string.match(redis.call('HGET', queued, name), '^([^\n]*)\n(.*)$')
  local instant, id, queue, priority, job_type = string.match(head, '^(%S+) (%S+) (%S+) (%S+) (%S+)')
  redis.call('HDEL', queued, name)
  redis.call('HDEL', schedule_state(name), 'queued')
  take_queued(name, instant)
  local kind = {queue = queue, priority = priority, type = job_type, due = '', unique = unique_of(data)}
  return make(name, instant, now, id, data, kind) == 'fired' and {name, instant, id}
end

local released, waits = {}, 0
local names = redis.call('HKEYS', queued)
table.sort(names)
for _, name in ipairs(names) do
  if redis.call('HEXISTS', schedule_state(name), 'paused_by') == 1 or #unended(name, 1) > 0 then
    waits = 1
  elseif redis.call('HEXISTS', key('schedules'), name) == 1 then
    released[#released + 1] = release_queued(name) or nil
  end
end

local entries = {}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, ARGV[2])) do
  local entry = entry_of(name)
  if entry then
    entries[#entries + 1] = entry
  else
    redis.call('ZREM', due, name)  -- its definition is lost: nobody could fire it, and all would look again and again
  end
end
local next_due = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')[2] or ''
return {now, next_due, redis.call('HGET', key('schedules', 'revision'), 'revision') or '', waits, released, entries}
