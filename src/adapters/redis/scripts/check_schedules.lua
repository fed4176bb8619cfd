-- Check schedules against their due instants.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0)
-- returns {findings, the number of schedules, 1 when some schedule runs, then per schedule that has no due instant: its
--         entry, last fired millisecond or ''}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, ending, checking
local schedules, due, paused, fired = key('schedules'), key('schedules', 'due'), key('schedules', 'paused'), key('schedules', 'fired')
local reply = {findings, redis.call('HLEN', schedules), redis.call('EXISTS', due)}
for _, name in ipairs(redis.call('HKEYS', schedules)) do
  local runs, rests = redis.call('ZSCORE', due, name), redis.call('ZSCORE', paused, name)
  if runs and rests then
    if found('schedule_misplaced', '', paused, name) then
      redis.call('ZREM', paused, name)
    end
  elseif not runs and not rests then
    reply[#reply + 1] = redis.call('HGET', schedules, name)
    reply[#reply + 1] = redis.call('HGET', fired, name) or ''
  end
end
for _, place in ipairs({due, paused}) do
  for _, name in ipairs(redis.call('ZRANGE', place, 0, -1)) do
    if redis.call('HEXISTS', schedules, name) == 0 and found('schedule_lost', '', place, name) then
      redis.call('ZREM', place, name)
    end
  end
end
for _, name in ipairs(redis.call('HKEYS', fired)) do
  if redis.call('HEXISTS', schedules, name) == 0 and found('schedule_lost', '', fired, name) then
    redis.call('HDEL', fired, name)
  end
end
return reply
