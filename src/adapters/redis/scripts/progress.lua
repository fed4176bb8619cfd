-- Keep the progress of a running job.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 id, 3 fence, 4 progress
-- returns 1 kept | 0 the fence is stale
local state = key('state', ARGV[2])
local known = redis.call('HMGET', state, 'status', 'fence')
if known[1] ~= 'processing' or known[2] ~= ARGV[3] then
  return 0
end
redis.call('HSET', state, 'progress', ARGV[4])
return 1
