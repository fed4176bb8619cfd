-- What is recorded for an effect of a running job.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 id, 3 fence, 4 key of the effect
-- returns {1 current | 0 the fence is stale, the value or nil}
-- flags: no-writes
-- include: state
local state = state_of(ARGV[2])
if state.status ~= 'processing' or state.fence ~= ARGV[3] then
  return {0, false}
end
return {1, redis.call('HGET', key('effects', ARGV[2]), ARGV[4])}
