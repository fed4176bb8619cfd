-- Record how deliveries ended.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 number of kinds, then per kind: worker id, event, delay in milliseconds, keep in milliseconds (negative:
--         for ever), error or '', reason, unique key or '', 1 with results | 0 without, number of its levels, and for each of
--         these: queue, priority, number of its settlements, and for each of these: id, fence and, with results, the result
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
  local worker, step = ARGV[at], ARGV[at + 7] == '1' and 3 or 2
  local owner = workers[worker] or {ids = {}, entries = {}, gone = {}}
  workers[worker] = owner
  kinds[number] = {
    owner = owner, event = ARGV[at + 1], delay = tonumber(ARGV[at + 2]), keep = tonumber(ARGV[at + 3]), error = ARGV[at + 4],
    fields = fields_of(ARGV[at + 5], ARGV[at + 4]), unique = ARGV[at + 6], step = step, levels = tonumber(ARGV[at + 8]),
    first = at + 9,
  }
  local ids = owner.ids
  at = at + 9
  for _ = 1, kinds[number].levels do
    local last = at + 2 + step * ARGV[at + 2]
    for index = at + 3, last, step do
      ids[#ids + 1] = ARGV[index]
    end
    at = last + 1
  end
end
for worker, owner in pairs(workers) do
  local ids, entries = owner.ids, owner.entries
  for index, entry in ipairs(many('HMGET', ids, key('processing', worker))) do
    entries[ids[index]] = entry
  end
end

local function wait_again(id, state, kind, queue, priority, event, fields)
  local due = now + kind.delay
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
  push(queue, priority, {id}, true)
end

local state_prefix = key('state', '')
local refused, running, settled, number, ended = {}, {}, {}, 0, endings(now)

local function settle(kind, queue, priority, id, result, asked_keep)
  local event, keep, fields = kind.event, kind.keep, kind.fields
  if asked_keep and cancelling[event] then
    event, keep, fields = 'cancelled', asked_keep, fields_of('cancelled', kind.error)
  end
  if not finals[event] then
    wait_again(id, state_prefix .. id, kind, queue, priority, event, fields)
  elseif result then
    ended.add(id, queue, finals[event], keep, kind.unique, {'result', result, unpack(fields)})
  else
    ended.add(id, queue, finals[event], keep, kind.unique, fields)
  end
end

for _, kind in ipairs(kinds) do
  local entries, gone, step, first = kind.owner.entries, kind.owner.gone, kind.step, kind.first
  for _ = 1, kind.levels do
    local queue, priority, last, before = ARGV[first], ARGV[first + 1], first + 2 + step * ARGV[first + 2], #gone
    local place = queue .. ' ' .. priority .. ' '
    for index = first + 3, last, step do
      local id, fence = ARGV[index], ARGV[index + 1]
      local entry = entries[id]
      local held, asked_keep = entry == place .. fence, nil
      if not held and not settled[id] then
        held, asked_keep = holds(id, fence, entry)
      end
      number = number + 1
      if held then
        entries[id], settled[id] = nil, true
        gone[#gone + 1] = id
        settle(kind, queue, priority, id, step == 3 and ARGV[index + 2], asked_keep)
      else
        refused[#refused + 1] = number
      end
    end
    if #gone > before then
      running[queue] = (running[queue] or 0) - (#gone - before)
    end
    first = last + 1
  end
end
for worker, owner in pairs(workers) do
  apply('HDEL', key('processing', worker), owner.gone)
end
add_to(key('running'), running)
ended.close()
return refused
