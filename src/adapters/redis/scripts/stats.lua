-- How many jobs of a queue are where, and the data of the next job of each level.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 queue
-- returns {now, critical, high, normal, low, scheduled, retrying, processing, failed, paused (1 or 0),
--         then per non-empty level: id, data, millisecond to which it was moved or ''}
-- flags: no-writes
local queue = ARGV[2]
local reply = {milliseconds()}
local heads = {}
for _, priority in ipairs({'critical', 'high', 'normal', 'low'}) do
  local list = key('queue', queue, priority)
  reply[#reply + 1] = redis.call('LLEN', list)
  local id = redis.call('LINDEX', list, -1)
  if id then
    heads[#heads + 1] = id
    heads[#heads + 1] = redis.call('GET', key('data', id)) or ''
    heads[#heads + 1] = redis.call('HGET', key('state', id), 'moved') or ''
  end
end
for _, kind in ipairs({'scheduled', 'retrying'}) do
  reply[#reply + 1] = tonumber(redis.call('HGET', key('delayed', 'counts'), kind .. ':' .. queue) or 0)
end
reply[#reply + 1] = tonumber(redis.call('HGET', key('running'), queue) or 0)
reply[#reply + 1] = redis.call('ZCARD', key('failed', queue))
reply[#reply + 1] = redis.call('SISMEMBER', key('paused'), queue)
for _, value in ipairs(heads) do
  reply[#reply + 1] = value
end
return reply
