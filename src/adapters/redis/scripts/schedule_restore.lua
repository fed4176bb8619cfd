-- Give a schedule whose state is lost a new one, as far as its ledger and its place tell.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, 3 rhythm, 4 source
-- returns 1 done | 0 it is gone, or has a state
-- flags: allow-oom
-- include: schedules, ledgers
local name, state, ledger = ARGV[2], schedule_state(ARGV[2]), key('schedules', 'ledger', ARGV[2])
if redis.call('HEXISTS', key('schedules'), name) == 0 or redis.call('HEXISTS', state, 'rhythm') == 1 then
  return 0
end
local counts, last_fired = {fired = 0, skipped = 0, missed = 0}, nil
local entries = redis.call('ZRANGE', ledger, 0, -1)
for _, entry in ipairs(entries) do
  local instant, outcome, number = string.match(entry, '^(%S+) (%S+) %S+ (%S+)')
  if counts[outcome] then
    counts[outcome] = counts[outcome] + tonumber(number)
  end
  last_fired = outcome == 'fired' and instant or last_fired
end
local due = due_of(name)
local anchor = settled_in(ledger) or due ~= '' and due or string.format('%.0f', milliseconds())
redis.call('DEL', state)
redis.call('HSET', state, 'rhythm', ARGV[3], 'source', ARGV[4], 'anchor', anchor)
for outcome, number in pairs(counts) do
  redis.call('HSET', state, outcome, number)
end
if last_fired then
  redis.call('HSET', state, 'last_fired', last_fired)
end
if #entries >= LEDGER then
  redis.call('HSET', state, 'forgotten', string.match(entries[1], '^%S+'))
end
if redis.call('ZSCORE', key('schedules', 'paused'), name) then
  redis.call('HSET', state, 'paused_by', 'hand')
end
local waits = redis.call('HGET', key('schedules', 'queued'), name)
if waits then
  redis.call('HSET', state, 'queued', string.match(waits, '^%S+'))
end
return 1
