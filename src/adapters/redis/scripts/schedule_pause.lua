-- Pause or resume a schedule: its due instant moves between two sorted sets.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, 3 paused (1 or 0)
-- returns 1 done | 0 there is none
-- flags: allow-oom
local name = ARGV[2]
local source, target = key('schedules', 'due'), key('schedules', 'paused')
if ARGV[3] ~= '1' then
  source, target = target, source
end
if redis.call('HEXISTS', key('schedules'), name) == 0 then
  return 0
end
local due = redis.call('ZSCORE', source, name)
if due then
  redis.call('ZREM', source, name)
  redis.call('ZADD', target, due, name)
end
return 1
