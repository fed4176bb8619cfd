-- Become, or stay, the one who reconciles.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 who, 3 for how many milliseconds
-- returns 1 it is so | 0 somebody else is
-- flags: allow-oom
local reconciler = key('reconciler')
local who = redis.call('GET', reconciler)
if who and who ~= ARGV[2] then
  return 0
end
redis.call('SET', reconciler, ARGV[2], 'PX', ARGV[3])
return 1
