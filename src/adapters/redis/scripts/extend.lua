-- Say that deliveries are alive.
-- KEYS    1 meta
-- ARGV    1 prefix, then per delivery: id, fence, worker id
-- returns per delivery: 0 lost | 1 held | 2 held, and its cancelling was asked for
-- flags: no-writes
-- include: state, holding
local answers = {}
for index = 2, #ARGV, 3 do
  local entry = redis.call('HGET', key('processing', ARGV[index + 2]), ARGV[index])
  local held, keep = holds(ARGV[index], ARGV[index + 1], entry)
  answers[#answers + 1] = held and (keep and 2 or 1) or 0
end
return answers
