-- Say that deliveries are alive.
-- KEYS    1 meta
-- ARGV    1 prefix, then per delivery: id, fence
-- returns per delivery: 0 lost | 1 held | 2 held, and its cancelling was asked for
-- flags: no-writes
local answers = {}
for index = 2, #ARGV, 2 do
  local known = redis.call('HMGET', key('state', ARGV[index]), 'status', 'fence', 'cancel')
  if known[1] ~= 'processing' or known[2] ~= ARGV[index + 1] then
    answers[#answers + 1] = 0
  else
    answers[#answers + 1] = known[3] and 2 or 1
  end
end
return answers
