-- Count one beat of a worker, and read everybody's.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 worker id, 3 join (1 or 0), 4 the worker's facts or ''
-- returns {} when the worker's lease is gone, else worker id and beat in turn; '' for a worker without a beat
-- flags: allow-oom
-- include: lease
local worker = ARGV[2]
local reply = redis.call('HGETALL', key('beats'))
local places = {}
for index = 1, #reply, 2 do
  places[reply[index]] = index + 1
end
local place = places[worker]
if ARGV[3] == '1' then
  redis.call('HSET', key('workers'), worker, ARGV[4])
elseif not place then
  return {}
end
if not place then
  place = #reply + 2
  places[worker], reply[place - 1] = place, worker
end
local time = redis.call('TIME')
reply[place] = beat_after(reply[place], time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('HSET', key('beats'), worker, reply[place])
for _, id in ipairs(redis.call('HKEYS', key('workers'))) do
  if not places[id] then
    reply[#reply + 1] = id
    reply[#reply + 1] = ''
  end
end
return reply
