-- Read the workers.
-- KEYS    1 meta
-- ARGV    1 prefix
-- returns per worker: id, facts or '', beat or '', jobs that it has
-- flags: no-writes
local reply = {}
local workers = redis.call('HGETALL', key('workers'))
for index = 1, #workers, 2 do
  local id = workers[index]
  reply[#reply + 1] = id
  reply[#reply + 1] = workers[index + 1]
  reply[#reply + 1] = redis.call('HGET', key('beats'), id) or ''
  reply[#reply + 1] = redis.call('HLEN', key('processing', id))
end
return reply
