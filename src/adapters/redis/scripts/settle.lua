-- Record how deliveries ended.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 number of kinds, then per kind: worker id, event, queue, priority, delay in milliseconds, keep in
--         milliseconds (negative: for ever), error or '', reason, unique key or '', 1 with results | 0 without, number of
--         its settlements, and for each of these: id, fence and, with results, the result
-- returns which were refused, nothing being changed by them; counted from 1 in the order given
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, ending, holding

local now = milliseconds()
local cancelling = {erred = true, snoozed = true, given_back = true, crashed = true}
local finals = {succeeded = 'completed', died = 'failed', cancelled = 'cancelled', discarded = 'cancelled', expired = 'cancelled'}

local function fields_of(reason, message)
  if message == '' then
    return {'reason', reason}
  end
  return {'reason', reason, 'error', message}
end

-- Of each worker: the ids that are settled as its own, what its processing hash has for them, and those that it has no more.
local kinds, workers = {}, {}
local at = 3
for number = 1, tonumber(ARGV[2]) do
  local worker, step = ARGV[at], ARGV[at + 9] == '1' and 3 or 2
  local owner = workers[worker] or {ids = {}, entries = {}, gone = {}}
  workers[worker] = owner
  local kind = {
    owner = owner, event = ARGV[at + 1], queue = ARGV[at + 2], priority = ARGV[at + 3], delay = tonumber(ARGV[at + 4]),
    keep = tonumber(ARGV[at + 5]), error = ARGV[at + 6], unique = ARGV[at + 8], first = at + 11, step = step,
  }
  kind.place, kind.fields = kind.queue .. ' ' .. kind.priority .. ' ', fields_of(ARGV[at + 7], kind.error)
  kinds[number] = kind
  at = at + 11 + step * ARGV[at + 10]
  kind.last = at - 1
  local ids = owner.ids
  for index = kind.first, kind.last, step do
    ids[#ids + 1] = ARGV[index]
  end
end
for worker, owner in pairs(workers) do
  local ids, entries = owner.ids, owner.entries
  for index, entry in ipairs(many('HMGET', ids, key('processing', worker))) do
    entries[ids[index]] = entry
  end
end

local function wait_again(id, state, kind, event, fields)
  local queue, due = kind.queue, now + kind.delay
  if event == 'erred' then
    redis.call('HSET', state, 'status', 'retrying', 'due', due, unpack(fields))
    hold(queue, id, due, 'retrying')
    return
  end
  redis.call('HINCRBY', state, 'attempt', -1)
  if event == 'snoozed' then
    redis.call('HSET', state, 'status', 'scheduled', 'due', due, unpack(fields))
    hold(queue, id, due, 'scheduled')
    return
  end
  if event == 'crashed' then
    redis.call('HINCRBY', state, 'crashes', 1)
  end
  redis.call('HSET', state, 'status', 'pending', unpack(fields))
  push(queue, kind.priority, {id}, true)
end

local state_prefix = key('state', '')
local refused, running, number, ended = {}, {}, 0, endings(now)

local function settle(kind, id, result, asked_keep)
  local event, keep, fields = kind.event, kind.keep, kind.fields
  if asked_keep and cancelling[event] then
    event, keep, fields = 'cancelled', asked_keep, fields_of('cancelled', kind.error)
  end
  if not finals[event] then
    wait_again(id, state_prefix .. id, kind, event, fields)
  elseif result then
    ended.add(id, kind.queue, finals[event], keep, kind.unique, {'result', result, unpack(fields)})
  else
    ended.add(id, kind.queue, finals[event], keep, kind.unique, fields)
  end
end

for _, kind in ipairs(kinds) do
  local entries, gone, place, before = kind.owner.entries, kind.owner.gone, kind.place, #kind.owner.gone
  for index = kind.first, kind.last, kind.step do
    local id, fence = ARGV[index], ARGV[index + 1]
    local entry = entries[id]
    local held, asked_keep = entry == place .. fence, nil
    if not held then
      held, asked_keep = holds(id, fence, entry)
    end
    number = number + 1
    if held then
      entries[id] = nil
      gone[#gone + 1] = id
      settle(kind, id, kind.step == 3 and ARGV[index + 2], asked_keep)
    else
      refused[#refused + 1] = number
    end
  end
  if #gone > before then
    running[kind.queue] = (running[kind.queue] or 0) - (#gone - before)
  end
end
for worker, owner in pairs(workers) do
  apply('HDEL', key('processing', worker), owner.gone)
end
add_to(key('running'), running)
ended.close()
return refused
