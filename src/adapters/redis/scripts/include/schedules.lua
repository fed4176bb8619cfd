-- A schedule is in one of three sorted sets: due and paused, by its next due millisecond, and ended, by when it ended.
-- due_of(name): its next due millisecond, '' for none.
-- place(name, due, paused_by): put it where it belongs, and nowhere else; due is '' for one that has ended.
-- note(name, instant, outcome, now, count, id): one more entry of its ledger: 'instant outcome at count id' by its instant.
-- has_noted(name, instant): whether the ledger has the instant, or had to forget it. What was triggered by hand is none.
-- take_queued(name, instant): take what its ledger says of an instant that waited out of it.
-- entry_of(name): what a reader needs, a list; nil for none.
-- forget_schedule(name): whether there was one; all that belongs to it is gone then. Its jobs stay.
local LEDGER = 1000

local function schedule_state(name)
  return key('schedules', 'state', name)
end

local function due_of(name)
  return redis.call('ZSCORE', key('schedules', 'due'), name) or redis.call('ZSCORE', key('schedules', 'paused'), name) or ''
end

local function place(name, due, paused_by)
  local where = due == '' and 'ended' or paused_by ~= '' and 'paused' or 'due'
  for _, other in ipairs({'due', 'paused', 'ended'}) do
    if other ~= where then
      redis.call('ZREM', key('schedules', other), name)
    end
  end
  redis.call('ZADD', key('schedules', where), due == '' and milliseconds() or due, name)
end

local function is_triggered(entry)
  return string.find(entry, '^%S+ triggered ') ~= nil
end

local function forget_instant(name, instant)
  local state = schedule_state(name)
  if tonumber(instant) > (tonumber(redis.call('HGET', state, 'forgotten')) or -1) then
    redis.call('HSET', state, 'forgotten', instant)
  end
end

local function note(name, instant, outcome, now, count, id)
  local ledger = key('schedules', 'ledger', name)
  redis.call('ZADD', ledger, instant, string.format('%s %s %.0f %s %s', instant, outcome, now, count, id))
  local surplus = redis.call('ZCARD', ledger) - LEDGER
  if surplus > 0 then
    local popped = redis.call('ZPOPMIN', ledger, surplus)
    for index = 1, #popped, 2 do
      if not is_triggered(popped[index]) then
        forget_instant(name, string.match(popped[index], '^%S+'))
      end
    end
  end
end

local function has_noted(name, instant)
  local forgotten = redis.call('HGET', schedule_state(name), 'forgotten')
  if forgotten and tonumber(instant) <= tonumber(forgotten) then
    return true
  end
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', key('schedules', 'ledger', name), instant, instant)) do
    if not is_triggered(entry) then
      return true
    end
  end
  return false
end

local function take_queued(name, instant)
  local ledger = key('schedules', 'ledger', name)
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', ledger, instant, instant)) do
    if string.find(entry, '^%S+ queued ') then
      redis.call('ZREM', ledger, entry)
    end
  end
end

local function entry_of(name)
  local definition = redis.call('HGET', key('schedules'), name)
  if not definition then
    return nil
  end
  local known = redis.call('HMGET', schedule_state(name), 'anchor', 'fired', 'skipped', 'missed', 'last_fired', 'paused_by', 'queued')
  local paused_by = known[6] or redis.call('ZSCORE', key('schedules', 'paused'), name) and 'hand' or ''
  return {
    name, definition, due_of(name), known[1] or 0, known[2] or 0, known[3] or 0, known[4] or 0, known[5] or '', paused_by,
    known[7] or '',
  }
end

local function forget_schedule(name)
  for _, where in ipairs({'due', 'paused', 'ended'}) do
    redis.call('ZREM', key('schedules', where), name)
  end
  redis.call('HDEL', key('schedules', 'queued'), name)
  redis.call('DEL', schedule_state(name), key('schedules', 'ledger', name), key('schedules', 'fires', name))
  return redis.call('HDEL', key('schedules'), name) == 1
end
