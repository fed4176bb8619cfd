-- Check an id that was seen at two places of the queues' lists, and keep the place nearer to its turn.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), 3 id, then per place: queue, priority, index from the head's end (negative)
-- returns {findings}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, checking
local id = ARGV[3]
-- Lists move meanwhile: an id is looked for this far around the index at which it was seen.
local WINDOW = 500
local places, known = {}, {}
for index = 4, #ARGV, 3 do
  local list, around = key('queue', ARGV[index], ARGV[index + 1]), tonumber(ARGV[index + 2])
  local length = redis.call('LLEN', list)
  local first = math.max(length + around - WINDOW, 0)
  for offset, other in ipairs(redis.call('LRANGE', list, first, first + 2 * WINDOW)) do
    local at = first + offset - 1
    if other == id and not known[list .. ' ' .. at] then
      known[list .. ' ' .. at] = true
      places[#places + 1] = {list = list, index = at, before = length - at}
    end
  end
end
table.sort(places, function(a, b) return a.before < b.before end)
for number = #places, 2, -1 do
  local place = places[number]
  if found('queued_twice', id, place.list) then
    redis.call('LSET', place.list, place.index, '')
  end
end
if mends then
  for number = #places, 2, -1 do
    redis.call('LREM', places[number].list, 1, '')
  end
end
return {findings}
