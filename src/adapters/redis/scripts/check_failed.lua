-- Check a part of the dead letters of a queue. Entries of jobs that are gone or have another status are dropped.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), 3 queue, 4 cursor, 0 at first, 5 about how many entries to look at
-- returns {findings, next cursor, entries looked at}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, checking
local failed = key('failed', ARGV[3])
local page = redis.call('ZSCAN', failed, ARGV[4], 'COUNT', ARGV[5])
for index = 1, #page[2], 2 do
  local id = page[2][index]
  local status = status_in(redis.call('GET', key('state', id)))
  local left = not status and redis.call('PTTL', key('data', id))
  local fact = status == 'failed' and facts(id)
  if left and left > 0 then
    if found('state_lost', id, key('state', id), 'failed') then
      restore(id, 'failed', page[2][index + 1])
    end
  elseif fact and fact.readable and fact.queue ~= ARGV[3] then
    if found('misplaced', id, failed, 'of queue ' .. fact.queue) then
      redis.call('ZREM', failed, id)
      redis.call('ZADD', key('failed', fact.queue), page[2][index + 1], id)
    end
  elseif mends and (left == -2 or (status and status ~= 'failed')) then
    redis.call('ZREM', failed, id)
  end
end
return {findings, page[1], #page[2] / 2}
