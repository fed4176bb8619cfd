-- For the scripts that check and restore schedules.
-- fired_in(ledger): the jobs of its latest fires, the latest first.
-- settled_in(ledger): its latest instant, those left out that were triggered by hand; nil for none.
local function fired_in(ledger)
  local ids = {}
  for _, entry in ipairs(redis.call('ZREVRANGE', ledger, 0, -1)) do
    local id = string.match(entry, '^%S+ fired %S+ %S+ (%S+)')
    if id and #ids < 100 then
      ids[#ids + 1] = id
    end
  end
  return ids
end

local function settled_in(ledger)
  for _, entry in ipairs(redis.call('ZREVRANGE', ledger, 0, -1)) do
    if not is_triggered(entry) then
      return string.match(entry, '^%S+')
    end
  end
  return nil
end
