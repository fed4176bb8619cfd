-- How many jobs of queues are where, and the data of the next job of each level.
-- KEYS    1 meta
-- ARGV    1 prefix, then queues, at least one
-- returns now, then per queue: {critical, high, normal, low, scheduled, retrying, processing, failed, paused (1 or 0),
--         then per non-empty level: id, data, millisecond to which it was moved or ''}
-- flags: no-writes
-- include: state
local LEVELS = {'critical', 'high', 'normal', 'low'}
local names, counters = {}, {}
for index = 2, #ARGV do
  local queue = ARGV[index]
  names[index - 1] = queue
  counters[index * 2 - 3], counters[index * 2 - 2] = 'scheduled:' .. queue, 'retrying:' .. queue
end
local delayed = redis.call('HMGET', key('delayed', 'counts'), unpack(counters))
local running = redis.call('HMGET', key('running'), unpack(names))
local paused = redis.call('SMISMEMBER', key('paused'), unpack(names))

local reply = {milliseconds()}
for index, queue in ipairs(names) do
  local row, heads = {}, {}
  for level, priority in ipairs(LEVELS) do
    local list = key('queue', queue, priority)
    row[level] = redis.call('LLEN', list)
    local id = row[level] > 0 and redis.call('LINDEX', list, -1)
    if id then
      heads[#heads + 1] = id
      heads[#heads + 1] = redis.call('GET', key('data', id)) or ''
      heads[#heads + 1] = state_of(id).moved or ''
    end
  end
  row[5], row[6] = tonumber(delayed[index * 2 - 1] or 0), tonumber(delayed[index * 2] or 0)
  row[7], row[8], row[9] = tonumber(running[index] or 0), redis.call('ZCARD', key('failed', queue)), paused[index]
  for _, value in ipairs(heads) do
    row[#row + 1] = value
  end
  reply[index + 1] = row
end
return reply
