-- For the scripts that check the store. ARGV[2] of each is 1 where it mends what it finds, else 0.
-- found(code, id, where, detail): note a finding; whether it is to be mended. id is '' where no one job is concerned.
-- facts(id): queue, priority, unique, due, at and readable of a job's envelope; nil where its data are gone. All but the
-- payload stands at the head of the text, of which no more is read; text of another shape is parsed as a whole.
-- bury(id, queue, now): dead-letter a job whose data are lost; what its state tells is kept.
-- restore(id, status, now): a new state for a job that had ended when its state was lost.
-- drop(list, indexes): remove entries of a list by their places, which are counted from its head's end.
-- is_near(list, id): whether an id is near an end of a list, where jobs come and go. Lists are not searched as a whole.
local mends = ARGV[2] == '1'
local findings = {}

local function found(code, id, where, detail)
  findings[#findings + 1] = {code, id, where, detail or ''}
  return mends
end

local function facts(id)
  local head = redis.call('GETRANGE', key('data', id), 0, 2047)
  if head == '' then
    return nil
  end
  local fact = {queue = 'default', priority = 'normal', unique = '', readable = true}
  local _, last = string.find(head, '^{"v":%d+,"type":"[^"\\]*"')
  while last do
    local _, finish_at, name, text = string.find(head, '^,"(%l[%l_]*)":"([^"\\]*)"', last + 1)
    if not finish_at then
      _, finish_at, name, text = string.find(head, '^,"(%l[%l_]*)":(%-?%d+)%f[,}]', last + 1)
    end
    if not finish_at then
      break
    end
    fact[name], last = text, finish_at
  end
  local name = last and string.match(head, '^,"(%l+)":[%[{]', last + 1)
  local is_whole = name == 'tags' or name == 'metadata' or name == 'headers' or name == 'payload'
  if is_whole or last and string.sub(head, last + 1) == '}' then
    return fact
  end
  local parsed, envelope = pcall(cjson.decode, redis.call('GET', key('data', id)))
  fact.readable = parsed and type(envelope) == 'table'
  for _, field in ipairs(fact.readable and {'queue', 'priority', 'unique', 'due', 'at'} or {}) do
    local kind = type(envelope[field])
    if kind == 'string' or kind == 'number' then
      fact[field] = envelope[field]
    end
  end
  return fact
end

local function bury(id, queue, now)
  finish(id, queue, 'failed', now, -1, '', {
    reason = 'data_lost', error = 'the stored data of this job are lost', lost = string.format('%d', now), queue = queue,
  })
end

local function restore(id, status, now)
  keep_state(id, {status = status, finished = now, reason = 'state_lost'})
  local left = redis.call('PTTL', key('data', id))
  if left > 0 then
    redis.call('PEXPIRE', key('state', id), left)
  end
end

local function drop(list, indexes)
  for _, index in ipairs(indexes) do
    redis.call('LSET', list, index, '')
  end
  if #indexes > 0 then
    redis.call('LREM', list, -#indexes, '')
  end
end

local function is_near(list, id)
  return redis.call('LPOS', list, id, 'MAXLEN', 500) or redis.call('LPOS', list, id, 'RANK', -1, 'MAXLEN', 500)
end
