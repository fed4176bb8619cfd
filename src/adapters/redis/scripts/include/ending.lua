-- finish(id, queue, status, now, keep, unique, fields): record a terminal state. keep is in milliseconds, negative for
-- ever; fields are further pairs for the state. The unique key is freed where this job holds it.
local function finish(id, queue, status, now, keep, unique, fields)
  local state = key('state', id)
  redis.call('HSET', state, 'status', status, 'finished', now, unpack(fields))
  if status == 'failed' then
    redis.call('ZADD', key('failed', queue), now, id)
  else
    redis.call('LPUSH', key(status), id)
  end
  if keep >= 0 then
    redis.call('PEXPIRE', state, keep)
    redis.call('PEXPIRE', key('data', id), keep)
    redis.call('PEXPIRE', key('effects', id), keep)
  end
  if unique ~= '' and redis.call('GET', key('unique', unique)) == id then
    redis.call('DEL', key('unique', unique))
  end
end
