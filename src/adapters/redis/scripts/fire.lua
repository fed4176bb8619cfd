-- Claim a due instant of a schedule and enqueue its job, in one step.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 schedule, 3 due millisecond, 4 instant, 5 following due millisecond or '', 6 overlap policy,
--         7 id, 8 data, 9 queue, 10 priority, 11 unique key or '', 12 type
-- returns 'fired' | 'skipped' | 'queued' | 'refused'
-- include: batches, lease, waking, waiting, state, handing, spreading, accept, schedules, claiming, firing
local name, instant, overlap, id, data = ARGV[2], ARGV[4], ARGV[6], ARGV[7], ARGV[8]
local kind = {queue = ARGV[9], priority = ARGV[10], type = ARGV[12], due = '', unique = ARGV[11]}
local now = milliseconds()
if not claim_instant(name, ARGV[3], instant, ARGV[5], now) then
  return 'refused'
end
local queued = key('schedules', 'queued')
local looks = (overlap == 'skip' or overlap == 'queue_one') and redis.call('EXISTS', key('data', id)) == 0
local waits = looks and overlap == 'queue_one' and redis.call('HGET', queued, name)
local in_the_way = waits and string.match(waits, '^%S+ (%S+)') or looks and unended(name, 1)[1]
if not in_the_way then
  return make(name, instant, now, id, data, kind)
elseif waits or overlap == 'skip' then
  return skip(name, instant, now, in_the_way)
end
redis.call('HSET', queued, name, table.concat({instant, id, kind.queue, kind.priority, kind.type}, ' ') .. '\n' .. data)
redis.call('HSET', schedule_state(name), 'queued', instant)
note(name, instant, 'queued', now, 1, in_the_way)
return 'queued'
