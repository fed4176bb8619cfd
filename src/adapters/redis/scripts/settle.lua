-- Record how deliveries ended.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 number of kinds, then per kind: worker id, event, queue, priority, delay in milliseconds, keep in
--         milliseconds (negative: for ever), error or '', reason, unique key or ''; then per settlement: id, fence, number
--         of its kind, result or ''
-- returns per settlement: 1 recorded | 0 refused, nothing changed
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

local kinds = {}
local at = 3
for number = 1, tonumber(ARGV[2]) do
  local kind = {
    worker = ARGV[at], event = ARGV[at + 1], queue = ARGV[at + 2], priority = ARGV[at + 3], delay = tonumber(ARGV[at + 4]),
    keep = tonumber(ARGV[at + 5]), error = ARGV[at + 6], unique = ARGV[at + 8], gone = {},
  }
  kind.place, kind.fields = kind.queue .. ' ' .. kind.priority .. ' ', fields_of(ARGV[at + 7], kind.error)
  kinds[tostring(number)] = kind
  at = at + 9
end

-- What the workers that these settlements name have, by worker and id.
local owned = {}
for index = at, #ARGV, 4 do
  local worker = kinds[ARGV[index + 2]].worker
  local ids = owned[worker] or {}
  owned[worker] = ids
  ids[#ids + 1] = ARGV[index]
end
for worker, ids in pairs(owned) do
  local entries = {}
  for index, entry in ipairs(many('HMGET', ids, key('processing', worker))) do
    entries[ids[index]] = entry
  end
  owned[worker] = entries
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
local answers, ended = {}, endings(now)
for index = at, #ARGV, 4 do
  local id, fence, kind, result = ARGV[index], ARGV[index + 1], kinds[ARGV[index + 2]], ARGV[index + 3]
  local entry = owned[kind.worker][id]
  local held, asked_keep = entry == kind.place .. fence, nil
  if not held then
    held, asked_keep = holds(id, fence, entry)
  end
  answers[#answers + 1] = held and 1 or 0
  if held then
    owned[kind.worker][id] = nil
    kind.gone[#kind.gone + 1] = id
    local event, keep, fields = kind.event, kind.keep, kind.fields
    if asked_keep and cancelling[event] then
      event, keep, fields = 'cancelled', asked_keep, fields_of('cancelled', kind.error)
    end
    if not finals[event] then
      wait_again(id, state_prefix .. id, kind, event, fields)
    elseif result == '' then
      ended.add(id, kind.queue, finals[event], keep, kind.unique, fields)
    else
      ended.add(id, kind.queue, finals[event], keep, kind.unique, {'result', result, unpack(fields)})
    end
  end
end
for _, kind in pairs(kinds) do
  if #kind.gone > 0 then
    apply('HDEL', key('processing', kind.worker), kind.gone)
    redis.call('HINCRBY', key('running'), kind.queue, -#kind.gone)
  end
end
ended.close()
return answers
