-- Record the value of an effect of a running job, unless there is one.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 id, 3 fence, 4 key of the effect, 5 value
-- returns the value that holds | nil: the fence is stale, nothing changed
-- flags: allow-oom
-- include: state
local state = state_of(ARGV[2])
if state.status ~= 'processing' or state.fence ~= ARGV[3] then
  return false
end
local effects = key('effects', ARGV[2])
if redis.call('HSETNX', effects, ARGV[4], ARGV[5]) == 1 then
  redis.call('HSET', KEYS[1], 'effects', 1)  -- from now on, who ends a job looks for its effects
end
return redis.call('HGET', effects, ARGV[4])
