-- has_lease(worker): whether its lease is alive.
-- count_beat(worker, now): one more beat; begins the lease where there is none. The time is for people to read: only a
-- change of the whole text means anything.
local function has_lease(worker)
  return redis.call('HEXISTS', key('beats'), worker) == 1
end

local function count_beat(worker, now)
  local count = string.match(redis.call('HGET', key('beats'), worker) or '0', '^%d+')
  redis.call('HSET', key('beats'), worker, string.format('%d:%.0f', count + 1, now))
end
