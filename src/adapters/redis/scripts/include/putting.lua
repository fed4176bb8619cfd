-- put(name, definition, rhythm, source, anchor, due): add or replace a schedule. With the rhythm that it has it keeps its
-- anchor and its next due instant, one that has ended stays so.
local function put(name, definition, rhythm, source, anchor, due)
  local state = schedule_state(name)
  local known = redis.call('HMGET', state, 'rhythm', 'paused_by')
  redis.call('HSET', key('schedules'), name, definition)
  redis.call('HSET', state, 'source', source)
  if known[1] ~= rhythm or (due_of(name) == '' and not redis.call('ZSCORE', key('schedules', 'ended'), name)) then
    redis.call('HSET', state, 'rhythm', rhythm, 'anchor', anchor)
    place(name, due, known[2] or '')
  end
end
