-- unended(name): the jobs of its latest fires that have not ended, the latest first; `most` of them at most.
-- make(name, instant, now, id, data, kind): enqueue the job of an instant and note it; 'fired', or 'skipped' where another
-- job has its unique key. A job that has this id already is the one of this instant.
-- skip(name, instant, now, id): note that an instant does not fire, because of that job.
-- They have a list of their own: in the ledger, skipped instants would soon push out the fire that they wait for.
local FIRES = 100
local ENDED = {completed = true, failed = true, cancelled = true}

local function unended(name, most)
  local found = {}
  for _, id in ipairs(redis.call('LRANGE', key('schedules', 'fires', name), 0, FIRES - 1)) do
    if #found < most and not ENDED[status_in(redis.call('GET', key('state', id)))] and redis.call('EXISTS', key('data', id)) == 1 then
      found[#found + 1] = id
    end
  end
  return found
end

local function skip(name, instant, now, id)
  redis.call('HINCRBY', schedule_state(name), 'skipped', 1)
  note(name, instant, 'skipped', now, 1, id)
  return 'skipped'
end

local function make(name, instant, now, id, data, kind)
  local ids, texts, kinds = {id}, {data}, {kind}
  local answers = judge(ids, texts, kinds, function() return nil end)
  local answer = answers[1]
  if answer ~= 0 and answer[1] == 'held' then
    return skip(name, instant, now, answer[2])
  end
  accept(ids, texts, kinds, answers)
  local state, fires = schedule_state(name), key('schedules', 'fires', name)
  redis.call('HINCRBY', state, 'fired', 1)
  if tonumber(instant) > (tonumber(redis.call('HGET', state, 'last_fired')) or -1) then
    redis.call('HSET', state, 'last_fired', instant)
  end
  redis.call('LPUSH', fires, id)
  redis.call('LTRIM', fires, 0, FIRES - 1)
  note(name, instant, 'fired', now, 1, id)
  return 'fired'
end
