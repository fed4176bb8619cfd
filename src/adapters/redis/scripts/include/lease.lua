-- has_lease(worker): whether its lease is alive.
-- beat_after(beat, now): the beat that follows one, nil for none. The time is for people to read: only a change of the
-- whole text means anything.
-- count_beat(worker, now): one more beat; begins the lease where there is none.
local function has_lease(worker)
  return redis.call('HEXISTS', key('beats'), worker) == 1
end

local function beat_after(beat, now)
  return string.format('%d:%.0f', string.match(beat or '0', '^%d+') + 1, now)
end

local function count_beat(worker, now)
  local beats = key('beats')
  redis.call('HSET', beats, worker, beat_after(redis.call('HGET', beats, worker) or nil, now))
end
