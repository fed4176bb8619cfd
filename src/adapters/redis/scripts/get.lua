-- Look jobs up.
-- KEYS    1 meta
-- ARGV    1 prefix, then ids
-- returns per id: {} unknown | {data, due millisecond or '', then the pairs of its state}
-- flags: no-writes
local answers = {}
for index = 2, #ARGV do
  local id = ARGV[index]
  local data = redis.call('GET', key('data', id))
  local answer = {}
  local state = redis.call('HGETALL', key('state', id))
  if data or #state > 0 then
    answer = {data or '', redis.call('ZSCORE', key('delayed'), id) or ''}
    for _, value in ipairs(state) do
      answer[#answer + 1] = value
    end
  end
  answers[#answers + 1] = answer
end
return answers
