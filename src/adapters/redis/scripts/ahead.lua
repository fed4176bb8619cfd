-- How many jobs go before a waiting one.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 id, 3 queue, 4 priority, 5 most to count
-- returns the number, one above the most where there are more; -1 when the job does not wait there
-- flags: no-writes
local id, most = ARGV[2], tonumber(ARGV[5])
local before = 0
for _, priority in ipairs({'critical', 'high', 'normal', 'low'}) do
  local list = key('queue', ARGV[3], priority)
  local length = redis.call('LLEN', list)
  if priority == ARGV[4] then
    -- Lists are searched entry by entry, so no further than the answer reaches.
    local index = redis.call('LPOS', list, id, 'RANK', -1, 'MAXLEN', most + 1)
    if not index then
      return length > most and most + 1 or -1
    end
    return math.min(before + length - 1 - index, most + 1)
  end
  before = before + length
end
return -1
