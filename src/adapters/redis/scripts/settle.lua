-- Record how deliveries ended.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 number of kinds, then per kind: worker id, event, delay in milliseconds, keep in milliseconds (negative:
--         for ever), error or '', reason, unique key or '', 1 with results | 0 without, number of its levels, and for each of
--         these: queue, priority, number of its settlements, and for each of these: id, fence and, with results, the result
-- returns which were refused, nothing being changed by them; counted from 1 in the order given
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, holding

local now = milliseconds()
local cancelling = {erred = true, snoozed = true, given_back = true, crashed = true}
local finals = {succeeded = 'completed', died = 'failed', cancelled = 'cancelled', discarded = 'cancelled', expired = 'cancelled'}

local ended, ways = endings(now), {}

-- How a job ends with this event; nil where it does not.
local function way_of(event, reason, message)
  local name = event .. ' ' .. reason .. ' ' .. message
  local way = ways[name]
  if not way and finals[event] then
    way = ended.way(finals[event], {reason = reason, error = message ~= '' and message or nil})
    ways[name] = way
  end
  return way
end

-- Of each worker: the ids that are settled as its own and, in the same order, what its processing hash has for them and the
-- texts of their states; how many of these were looked at; and the ids that it has no more.
local kinds, workers = {}, {}
local at = 3
for number = 1, tonumber(ARGV[2]) do
  local worker, step = ARGV[at], ARGV[at + 7] == '1' and 3 or 2
  local owner = workers[worker] or {ids = {}, gone = {}, looked_at = 0}
  workers[worker] = owner
  kinds[number] = {
    owner = owner, event = ARGV[at + 1], delay = tonumber(ARGV[at + 2]), keep = tonumber(ARGV[at + 3]), error = ARGV[at + 4],
    reason = ARGV[at + 5], way = way_of(ARGV[at + 1], ARGV[at + 5], ARGV[at + 4]), unique = ARGV[at + 6], step = step,
    levels = tonumber(ARGV[at + 8]), first = at + 9,
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
  local states = {}
  for index, id in ipairs(owner.ids) do
    states[index] = state_prefix .. id
  end
  owner.entries, owner.texts = many('HMGET', owner.ids, key('processing', worker)), many('MGET', states)
end

local function wait_again(id, text, kind, queue, priority)
  local event, due, state = kind.event, now + kind.delay, state_in(text)
  state.reason, state.error = kind.reason, kind.error ~= '' and kind.error or state.error
  if event == 'erred' then
    state.status, state.due = 'retrying', due
    keep_state(id, state)
    hold(queue, id, due, 'retrying')
    return
  end
  state.attempt = (tonumber(state.attempt) or 0) - 1
  if event == 'snoozed' then
    state.status, state.due = 'scheduled', due
    keep_state(id, state)
    hold(queue, id, due, 'scheduled')
    return
  end
  if event == 'crashed' then
    state.crashes = (tonumber(state.crashes) or 0) + 1
  end
  state.status = 'pending'
  keep_state(id, state)
  push(queue, priority, {id}, true)
end

local function settle(kind, queue, priority, id, text, result, asked_keep)
  if asked_keep and cancelling[kind.event] then
    ended.add(id, queue, way_of('cancelled', 'cancelled', kind.error), asked_keep, kind.unique, text)
  elseif kind.way then
    ended.add(id, queue, kind.way, kind.keep, kind.unique, text, result)
  else
    wait_again(id, text, kind, queue, priority)
  end
end

local refused, running, settled, number = {}, {}, {}, 0
for _, kind in ipairs(kinds) do
  local owner, step, first = kind.owner, kind.step, kind.first
  local entries, texts, gone, looked_at = owner.entries, owner.texts, owner.gone, owner.looked_at
  for _ = 1, kind.levels do
    local queue, priority, last, before = ARGV[first], ARGV[first + 1], first + 2 + step * ARGV[first + 2], #gone
    local place = queue .. ' ' .. priority .. ' '
    for index = first + 3, last, step do
      local id, fence = ARGV[index], ARGV[index + 1]
      number, looked_at = number + 1, looked_at + 1
      local held, asked_keep = false, nil
      if not settled[id] then
        local entry = entries[looked_at]
        held = entry == place .. fence
        if not held then
          held, asked_keep = holds(id, fence, entry)
        end
      end
      if held then
        settled[id] = true
        gone[#gone + 1] = id
        settle(kind, queue, priority, id, texts[looked_at], step == 3 and ARGV[index + 2] or nil, asked_keep)
      else
        refused[#refused + 1] = number
      end
    end
    if #gone > before then
      running[queue] = (running[queue] or 0) - (#gone - before)
    end
    first = last + 1
  end
  owner.looked_at = looked_at
end
for worker, owner in pairs(workers) do
  apply('HDEL', key('processing', worker), owner.gone)
end
add_to(key('running'), running)
ended.close()
return refused
