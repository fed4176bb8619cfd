-- claim_instant(name, due, instant, following, now): whether this call settles a due instant of a schedule. Where it is due it goes on
-- with `following` ('': it has ended), so that one whose ledger has the instant does not stand still.
local function claim_instant(name, due, instant, following, now)
  local next_due = redis.call('ZSCORE', key('schedules', 'due'), name)
  local is_due = next_due and tonumber(next_due) == tonumber(due) and tonumber(due) <= now
  if not is_due or redis.call('HEXISTS', key('schedules'), name) == 0 then
    return false
  end
  place(name, following, '')
  return not has_noted(name, instant)
end
