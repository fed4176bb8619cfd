-- Look at jobs that seem to be missing in a list, and put them back.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), 3 stage: look (how they are now; those near an end of their list are not missing)
--         | tell (the lists were searched meanwhile: they are missing if they are as they were), then per job: id,
--         kind (what check_jobs said of it), list of ended jobs it was seen in or '', mark or ''
-- returns {findings, then per job when looking: {mark, queue, priority, millisecond of its submit or ''}, {} when it
--         is not missing}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, checking
local now = milliseconds()
local function mend(id, kind, seen_in, fact, status)
  local failed = fact and redis.call('ZSCORE', key('failed', fact.queue), id)
  if kind == '2' or kind == '3' then
    if found('not_indexed', id, key(status), status) then
      redis.call('RPUSH', key(status), id)
    end
  elseif kind == '4' then
    local queue = state_of(id).queue or 'default'
    if found('data_lost', id, key('data', id), status) then
      bury(id, queue, now)
    end
  elseif not status and (failed or seen_in ~= '') then
    local ended = failed and 'failed' or seen_in
    if found('state_lost', id, key('state', id), ended) then
      restore(id, ended, failed or now)
    end
  elseif not status and tonumber(fact.due or 0) > now then
    if found('not_delayed', id, key('delayed'), 'scheduled') then
      redis.call('ZADD', key('delayed'), fact.due, id)
      track('+', fact.queue, id, 'scheduled')
    end
  elseif found('not_queued', id, key('queue', fact.queue, fact.priority), 'pending') then
    push(fact.queue, fact.priority, {id}, false)
  end
end

-- Whether what check_jobs said of it still holds.
local function fits(id, kind, fact, status)
  if kind == '2' or kind == '3' then
    return status == (kind == '2' and 'completed' or 'cancelled')
  elseif kind == '4' then
    return not fact and status == 'pending'
  elseif not fact or (status and status ~= 'pending') or redis.call('ZSCORE', key('delayed'), id) then
    return false
  end
  return status or redis.call('PTTL', key('data', id)) == -1
end

local reply = {findings}
for index = 4, #ARGV, 4 do
  local id, kind = ARGV[index], ARGV[index + 1]
  local known = state_of(id)
  local status, fact = known.status, facts(id)
  local queue, priority = fact and fact.queue or 'default', fact and fact.priority or 'normal'
  local list = (kind == '2' or kind == '3') and key(status or '') or key('queue', queue, priority)
  local missing = fits(id, kind, fact, status) and not is_near(list, id)
  local mark = table.concat({status or '', known.fence or '', known.finished or '', known.reason or ''}, ' ')
  if ARGV[3] == 'look' then
    reply[#reply + 1] = missing and {mark, queue, priority, fact and fact.at or ''} or {}
  elseif missing and mark == ARGV[index + 3] then
    mend(id, kind, ARGV[index + 2], fact, status)
  end
end
return reply
