-- Check schedules by name: each is in one place, and has its state; what belongs to one that is gone goes.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), then names
-- returns {findings, how many of the names are schedules, names whose state is lost, names that are in no place}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, checking, schedules, ledgers
local schedules, queued = key('schedules'), key('schedules', 'queued')
local number, stateless, placeless = 0, {}, {}

-- The ledger and the fires are told apart from those of a schedule that has none yet by what its state counts.
local function check_ledger(name, state)
  local ledger, fires = key('schedules', 'ledger', name), key('schedules', 'fires', name)
  local known = redis.call('HMGET', state, 'last_fired', 'forgotten')
  if not known[1] then
    return
  end
  local is_there = redis.call('EXISTS', ledger) == 1
  if not is_there and tonumber(known[2] or -1) < tonumber(known[1]) and found('schedule_ledger_lost', '', ledger, name) then
    forget_instant(name, known[1])
  end
  local ids = is_there and redis.call('EXISTS', fires) == 0 and fired_in(ledger) or {}
  if #ids > 0 and found('schedule_fires_lost', '', fires, name) then
    redis.call('RPUSH', fires, unpack(ids))
  end
end

local function check_queued(name, state)
  local waits, instant = redis.call('HGET', queued, name), redis.call('HGET', state, 'queued')
  local told = waits and string.match(waits, '^%S+')
  if told and told ~= instant then
    if found('schedule_queued_untold', '', state, name) then
      redis.call('HSET', state, 'queued', told)
    end
  elseif instant and not waits and found('schedule_queued_lost', '', queued, name) then
    redis.call('HDEL', state, 'queued')
    redis.call('HINCRBY', state, 'missed', 1)
    take_queued(name, instant)
    note(name, instant, 'missed', milliseconds(), 1, '')
  end
end

local function check_place(name, state, due, paused, ended)
  local paused_by = redis.call('HGET', state, 'paused_by') or ''
  local fits = paused_by ~= '' and paused or paused_by == '' and due
  local is_double = (due and paused) or (due or paused) and ended
  if (due or paused) and (not fits or is_double) then
    local wrong = due and paused_by ~= '' and 'due' or paused and paused_by == '' and 'paused' or 'ended'
    if found('schedule_misplaced', '', key('schedules', wrong), name) then
      place(name, fits or due or paused, paused_by)
    end
  end
end

-- A schedule of the configuration comes back where the store has no revision: the next look seeds it.
local function check_gone(name)
  local is_config = redis.call('HGET', schedule_state(name), 'source') == 'config'
  local left = {}
  for _, place_name in ipairs({'due', 'paused', 'ended'}) do
    if redis.call('ZSCORE', key('schedules', place_name), name) then
      left[#left + 1] = key('schedules', place_name)
    end
  end
  if redis.call('HEXISTS', queued, name) == 1 then
    left[#left + 1] = queued
  end
  for _, kind in ipairs({'state', 'ledger', 'fires'}) do
    if redis.call('EXISTS', key('schedules', kind, name)) == 1 then
      left[#left + 1] = key('schedules', kind, name)
    end
  end
  if #left > 0 and found('schedule_lost', '', left[1], name) then
    forget_schedule(name)
    if is_config then
      redis.call('DEL', key('schedules', 'revision'))
    end
  end
end

for index = 3, #ARGV do
  local name = ARGV[index]
  local state = schedule_state(name)
  if redis.call('HEXISTS', schedules, name) == 0 then
    check_gone(name)
  else
    number = number + 1
    local due, paused = redis.call('ZSCORE', key('schedules', 'due'), name), redis.call('ZSCORE', key('schedules', 'paused'), name)
    local ended = redis.call('ZSCORE', key('schedules', 'ended'), name)
    if not (due or paused or ended) then
      placeless[#placeless + 1] = name
    end
    if redis.call('HEXISTS', state, 'rhythm') == 0 then
      stateless[#stateless + 1] = name
    else
      check_place(name, state, due, paused, ended)
      check_queued(name, state)
      check_ledger(name, state)
    end
  end
end
return {findings, number, stateless, placeless}
