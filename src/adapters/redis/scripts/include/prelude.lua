-- Stands in front of every script. KEYS[1] is {prefix}:meta, ARGV[1] the prefix; all other keys lie under the prefix.
local prefix = ARGV[1]

local function key(first, second, third)
  if third then
    return prefix .. ':' .. first .. ':' .. second .. ':' .. third
  end
  return second and prefix .. ':' .. first .. ':' .. second or prefix .. ':' .. first
end

local function milliseconds()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
