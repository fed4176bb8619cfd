-- Count the jobs that wait for a time while they come and go: scripts note each change for as long as somebody counts.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 stage: begin | go on | end, 3 the token of the count, 4 changes known, 5 most changes
-- returns begin: changes known; go on, end: {0} when the notes are lost or another count has taken them over, else
--         {1, changes..., then at the end of an end: false, and the counters in pairs}
-- flags: allow-oom
local changes = key('delayed', 'changes')
-- The first entry is the token of who counts. A later count takes the notes over: one whose counter has died must not
-- keep them alive.
local LIFE = 60000
if ARGV[2] == 'begin' then
  redis.call('DEL', changes)
  redis.call('RPUSH', changes, ARGV[3])
  redis.call('PEXPIRE', changes, LIFE)
  return 1
end
if redis.call('LINDEX', changes, 0) ~= ARGV[3] then
  return {0}
end
redis.call('PEXPIRE', changes, LIFE)
local first, most = tonumber(ARGV[4]), tonumber(ARGV[5])
local reply = {1}
for _, change in ipairs(redis.call('LRANGE', changes, first, first + most - 1)) do
  reply[#reply + 1] = change
end
if ARGV[2] == 'end' and redis.call('LLEN', changes) <= first + most then
  reply[#reply + 1] = false
  for _, value in ipairs(redis.call('HGETALL', key('delayed', 'counts'))) do
    reply[#reply + 1] = value
  end
  redis.call('DEL', changes)
end
return reply
