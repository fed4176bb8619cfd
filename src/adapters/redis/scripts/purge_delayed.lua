-- Remove the jobs of a queue that wait for a time: a part at a time.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 queue, 3 cursor, 0 at first, 4 about how many entries to look at
-- returns {jobs removed, next cursor, 0 at the end}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, state, route, unique, bell, forgetting
local page = redis.call('ZSCAN', key('delayed'), ARGV[3], 'COUNT', ARGV[4])
local removed = 0
for index = 1, #page[2], 2 do
  local id = page[2][index]
  local data = redis.call('GET', key('data', id)) or ''
  -- A scan may name an entry twice.
  if route(data) == ARGV[2] and redis.call('ZSCORE', key('delayed'), id) then
    local is_retrying = status_in(redis.call('GET', key('state', id))) == 'retrying'
    release(ARGV[2], id, is_retrying and 'retrying' or 'scheduled')
    forget(id, unique_of(data))
    removed = removed + 1
  end
end
return {removed, tonumber(page[1])}
