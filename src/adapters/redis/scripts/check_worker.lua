-- Check a worker, and a part of what it has: each job says that it is processing there.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), 3 worker id, 4 cursor, 0 at first, 5 about how many entries to look at
-- returns {findings, next cursor, entries looked at, '' | 'silent': known, but without a beat | 'unknown': it has jobs
--         and nobody knows it}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, checking
local worker = ARGV[3]
local processing = key('processing', worker)
local now = milliseconds()
local page = redis.call('HSCAN', processing, ARGV[4], 'COUNT', ARGV[5])
for index = 1, #page[2], 2 do
  local id, place = page[2][index], page[2][index + 1]
  local queue, priority = string.match(place, '^(%S+) (%S+)')
  queue, priority = queue or 'default', priority or 'normal'
  local known = state_of(id)
  local exists = redis.call('EXISTS', key('data', id)) == 1
  if known.status == 'processing' and known.worker == worker then
    if not exists and not known.lost and found('data_lost', id, key('data', id), 'processing') then
      known.lost, known.queue = now, queue
      keep_state(id, known)
    end
  else
    local waits = not known.status and is_near(key('queue', queue, priority), id)
    local code = (known.status or waits) and 'misplaced' or exists and 'state_lost' or 'data_lost'
    if found(code, id, processing, known.status or waits and 'pending' or 'processing') then
      redis.call('HDEL', processing, id)
      redis.call('HINCRBY', key('running'), queue, -1)
      if code == 'state_lost' then
        push(queue, priority, {id}, true)
      elseif code == 'data_lost' then
        bury(id, queue, now)
      end
    end
  end
end
local trouble = ''
local listed = redis.call('HEXISTS', key('workers'), worker) == 1
if has_lease(worker) then
  if not listed and found('worker_unlisted', '', key('workers'), worker) then
    redis.call('HSETNX', key('workers'), worker, '')
  end
elseif listed then
  trouble = 'silent'
elseif redis.call('EXISTS', processing) == 1 then
  trouble = 'unknown'
end
return {findings, page[1], #page[2] / 2, trouble}
