-- Remove what retention has ended: a part at a time, from the oldest on.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 most completed jobs, 3 milliseconds that an id is remembered at least, 4 most entries to look at
-- returns {jobs removed, 1 when there is more to look at}
-- flags: allow-oom
-- include: state
local most, remembered, part = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now = milliseconds()
local removed, more = 0, 0
for _, status in ipairs({'completed', 'cancelled'}) do
  local list = key(status)
  local surplus = status == 'completed' and redis.call('LLEN', list) - most or 0
  local kept = {}
  local popped = redis.call('RPOP', list, part) or {}
  for index, id in ipairs(popped) do
    local known = state_of(id)
    -- Another status has a job that came under the same id after the first one expired.
    local finished = known.status == status and tonumber(known.finished)
    if finished and index <= surplus and finished <= now - remembered then
      redis.call('DEL', key('data', id), key('state', id), key('effects', id))
      finished = nil
    end
    if finished then
      table.insert(kept, 1, id)
    else
      removed = removed + 1
    end
  end
  for first = 1, #kept, 4000 do
    redis.call('RPUSH', list, unpack(kept, first, math.min(first + 3999, #kept)))
  end
  if #popped == part and #kept == 0 then
    more = 1
  end
end
return {removed, more}
