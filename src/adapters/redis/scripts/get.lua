-- Look jobs up.
-- KEYS    1 meta
-- ARGV    1 prefix, then ids
-- returns per id: {} unknown | {data, due millisecond or '', the text of its state or ''}
-- flags: no-writes
local answers = {}
for index = 2, #ARGV do
  local id = ARGV[index]
  local data = redis.call('GET', key('data', id))
  local state = redis.call('GET', key('state', id))
  if data or state then
    answers[#answers + 1] = {data or '', redis.call('ZSCORE', key('delayed'), id) or '', state or ''}
  else
    answers[#answers + 1] = {}
  end
end
return answers
