-- Remove the waiting jobs of a queue: a part at a time.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 queue, 3 most jobs to remove
-- returns how many were removed; fewer than asked for when no more wait
-- flags: allow-oom
-- include: unique, bell, forgetting
local removed, most = 0, tonumber(ARGV[3])
for _, priority in ipairs({'critical', 'high', 'normal', 'low'}) do
  if removed < most then
    for _, id in ipairs(redis.call('RPOP', key('queue', ARGV[2], priority), most - removed) or {}) do
      forget(id, unique_of(redis.call('GET', key('data', id)) or ''))
      removed = removed + 1
    end
  end
end
return removed
