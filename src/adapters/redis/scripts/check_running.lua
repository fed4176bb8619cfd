-- Check the counters of running jobs against what the workers have.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), then further workers that may have jobs
-- returns {findings}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, checking
local counted, looked_at = {}, {}
local function count(worker)
  if looked_at[worker] then
    return
  end
  looked_at[worker] = true
  for _, place in ipairs(redis.call('HVALS', key('processing', worker))) do
    local queue = string.match(place, '^%S+')
    counted[queue] = (counted[queue] or 0) + 1
  end
end
for _, name in ipairs({'workers', 'beats'}) do
  for _, worker in ipairs(redis.call('HKEYS', key(name))) do
    count(worker)
  end
end
for index = 3, #ARGV do
  count(ARGV[index])
end

local running = key('running')
local function compare(queue, told, number)
  if told ~= number then
    if found('count_wrong', '', running, queue .. ' ' .. told .. ' ' .. number) then
      redis.call('HSET', running, queue, number)
    end
  end
end
local told = redis.call('HGETALL', running)
for index = 1, #told, 2 do
  compare(told[index], tonumber(told[index + 1]), counted[told[index]] or 0)
  counted[told[index]] = nil
end
for queue, number in pairs(counted) do
  compare(queue, 0, number)
end
return {findings}
