-- holds(id, fence, entry): whether a delivery is the current one of its job; then also for how many milliseconds to keep the
-- job if its cancelling was asked for, else nil. entry is what the worker's processing hash has for the job: 'queue priority
-- fence', and that number. Where a fault took the entry away the job's state tells, so that its result is not lost.
local function holds(id, fence, entry)
  if entry then
    local token, keep = string.match(entry, '^%S+ %S+ (%d+) ?(%-?%d*)$')
    return token == fence, tonumber(keep)
  end
  local known = state_of(id)
  return known.status == 'processing' and known.fence == fence, tonumber(known.cancel_keep)
end
