-- Apply the schedules of a configuration, where its revision is higher than that of the one before.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 revision, 3 digest, 4 prune (1 or 0), then per schedule: name, definition, rhythm, anchor, next due
--         millisecond
-- returns {1 applied or 0, the revision that is there now, its digest, names paused, names removed}
-- include: bell, schedules, putting
local revision = key('schedules', 'revision')
local known = redis.call('HMGET', revision, 'revision', 'digest')
if known[1] and tonumber(known[1]) >= tonumber(ARGV[2]) then
  return {0, tonumber(known[1]), known[2] or '', {}, {}}
end
local named, paused, removed = {}, {}, {}
for index = 5, #ARGV, 5 do
  local name = ARGV[index]
  named[name] = true
  put(name, ARGV[index + 1], ARGV[index + 2], 'config', ARGV[index + 3], ARGV[index + 4])
  if redis.call('HGET', schedule_state(name), 'paused_by') == 'config' then
    redis.call('HDEL', schedule_state(name), 'paused_by')
    redis.call('HSET', schedule_state(name), 'resumed', string.format('%.0f', milliseconds()))
    place(name, due_of(name) ~= '' and ARGV[index + 4] or '', '')
  end
end
local names = redis.call('HKEYS', key('schedules'))
table.sort(names)
for _, name in ipairs(names) do
  local entry = redis.call('HMGET', schedule_state(name), 'source', 'paused_by')
  if not named[name] and entry[1] == 'config' then
    if ARGV[4] == '1' then
      forget_schedule(name)
      removed[#removed + 1] = name
    elseif not entry[2] then
      redis.call('HSET', schedule_state(name), 'paused_by', 'config')
      place(name, due_of(name), 'config')
      paused[#paused + 1] = name
    end
  end
end
redis.call('HSET', revision, 'revision', ARGV[2], 'digest', ARGV[3])
ring()
return {1, tonumber(ARGV[2]), ARGV[3], paused, removed}
