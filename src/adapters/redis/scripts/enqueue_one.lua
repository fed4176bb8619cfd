-- Take in one message that has no unique key.
-- Most calls bring one, mostly to a queue for which no worker waits. Such a call defines nothing that it does not need: what
-- is included below costs more to define than this takes to run.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 type, 3 queue, 4 priority, 5 max_jobs of the queue or '', 6 id, 7 data, 8 due millisecond or ''
-- returns 0 where it was stored, else {{'exists', data}} or {{'full', queue}}
local queue, priority, id, due = ARGV[3], ARGV[4], ARGV[6], ARGV[8]
local data = key('data', id)
if ARGV[5] ~= '' then
-- include: room
  if load_of(queue) >= tonumber(ARGV[5]) then
    local known = redis.call('GET', data)
    return {known and {'exists', known} or {'full', queue}}
  end
end
if not redis.call('SET', data, ARGV[7], 'NX') then
  return {{'exists', redis.call('GET', data)}}
end
redis.call('HINCRBY', key('enqueued'), ARGV[2] .. '|' .. priority .. '|' .. queue, 1)
if due == '' and redis.call('EXISTS', key('idle', queue)) == 0 then
  if redis.call('LPUSH', key('queue', queue, priority), id) == 1 then
    redis.call('ZADD', key('ready'), 'NX', 0, queue)
  end
  return 0
end

-- include: batches, lease, waking, waiting
if due ~= '' then
  hold(queue, id, due, 'scheduled')
  return 0
end

-- include: state, handing, spreading
spread(queue, {{priority = priority, ids = {id}}})
return 0
