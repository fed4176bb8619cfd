-- Keep the progress of a running job.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 id, 3 fence, 4 progress
-- returns 1 kept | 0 the fence is stale
-- include: state
local state = state_of(ARGV[2])
if state.status ~= 'processing' or state.fence ~= ARGV[3] then
  return 0
end
state.progress = ARGV[4]
keep_state(ARGV[2], state)
return 1
