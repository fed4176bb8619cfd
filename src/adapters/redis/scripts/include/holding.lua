-- is_held(entry, fence): whether an entry of a processing hash ('queue priority fence', and where its cancelling was asked
-- for, how many milliseconds to keep it) is that of this delivery; then also that number, nil without one.
local function is_held(entry, fence)
  local token, keep = string.match(entry or '', '^%S+ %S+ (%d+) ?(%-?%d*)$')
  return token == fence, tonumber(keep)
end
