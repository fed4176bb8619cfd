-- Check jobs: each is where its status says, and has its unique key. Lists are not searched here.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), 3 how many of the ids come from states: looked at only where the data are gone,
--         then ids, those first
-- returns {findings, the highest fence, then per id: 0 nothing to do | 1 it must be in a queue's list | 2 among the
--         completed | 3 among the cancelled | 4 in a queue's list, but its data are lost}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, giving_back, checking
local now = milliseconds()
local highest = 0

-- An unfinished job has its unique key, unless another unfinished one has it by now: then both run.
local function check_unique(id, unique)
  local name = key('unique', unique)
  local holder = redis.call('GET', name)
  if holder == id then
    return
  end
  if holder then
    local fact = facts(holder)
    local status = status_in(redis.call('GET', key('state', holder)))
    local ended = status == 'completed' or status == 'failed' or status == 'cancelled'
    if fact and fact.unique == unique and not ended then
      return
    end
  end
  if found('unique_missing', id, name) then
    redis.call('SET', name, id)
  end
end

-- The queue of whose dead letters it is, nil for none. Data that cannot be read do not tell it.
local function dead_of(id, queue)
  if redis.call('ZSCORE', key('failed', queue), id) then
    return queue
  end
  for _, label in ipairs(redis.call('HKEYS', key('enqueued'))) do
    local used = string.match(label, '([^|]*)$')
    if redis.call('ZSCORE', key('failed', used), id) then
      return used
    end
  end
  return nil
end

local function check_dead(id, fact, queue, finished)
  if fact and fact.readable then
    if redis.call('ZSCORE', key('failed', fact.queue), id) then
      return
    end
    queue = fact.queue
  elseif dead_of(id, queue) then
    return
  end
  if found('not_indexed', id, key('failed', queue), 'failed') then
    redis.call('ZADD', key('failed', queue), finished or now, id)
  end
end

local function check_processing(id, fact, worker, fence)
  local processing = key('processing', worker)
  if redis.call('HEXISTS', processing, id) == 1 then
    return
  end
  local place = fact.queue .. ' ' .. fact.priority .. ' ' .. fence
  local leased = has_lease(worker)
  if found('not_processing', id, processing, leased and 'leased' or 'gone') then
    if leased then
      redis.call('HSET', processing, id, place)
    else
      count_crash(id)
      give_back(worker, id, place, now, 'lease_expired')
    end
  end
end

local function check(id)
  local fact, state = facts(id), state_of(id)
  local status, queue = state.status, state.queue or 'default'
  highest = math.max(highest, tonumber(state.fence) or 0)
  local ended = status == 'completed' or status == 'failed' or status == 'cancelled'
  if fact and not ended and fact.unique ~= '' and redis.call('PTTL', key('data', id)) == -1 then
    check_unique(id, fact.unique)
  end
  if not status then
    local waits = fact and redis.call('PTTL', key('data', id)) == -1 and not redis.call('ZSCORE', key('delayed'), id)
    return waits and 1 or 0
  end
  if not fact and not state.lost and (ended or status == 'processing') then
    if found('data_lost', id, key('data', id), status) then
      state.lost = now
      keep_state(id, state)
    end
  end
  if status == 'completed' then
    return 2
  elseif status == 'cancelled' then
    return 3
  elseif status == 'failed' then
    check_dead(id, fact, queue, state.finished)
  elseif status == 'processing' then
    if fact then
      check_processing(id, fact, state.worker or '', state.fence or '0')
    end
  elseif status == 'pending' then
    return fact and 1 or 4
  elseif status == 'scheduled' or status == 'retrying' then
    local delayed = key('delayed')
    if not redis.call('ZSCORE', delayed, id) then
      if not fact then
        if found('data_lost', id, key('data', id), status) then
          bury(id, queue, now)
        end
      elseif found('not_delayed', id, delayed, status) then
        redis.call('ZADD', delayed, state.due or fact.due or now, id)
        track('+', fact.queue, id, status)
      end
    end
  end
  return 0
end

local reply = {findings, '0'}
for index = 4, #ARGV do
  local skip = index < 4 + ARGV[3] and redis.call('EXISTS', key('data', ARGV[index])) == 1
  reply[#reply + 1] = skip and 0 or check(ARGV[index])
end
reply[2] = string.format('%.0f', highest)
return reply
