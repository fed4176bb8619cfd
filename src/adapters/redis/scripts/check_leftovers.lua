-- Check what belongs to jobs or workers: unique keys, effects, mailboxes, idle workers.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 mend (1 or 0), then in turn: unique | effects | mailbox | idle | waiters, and the rest of the
--         key's name
-- returns {findings}
-- flags: allow-oom
-- include: batches, lease, waking, waiting, bell, state, ending, handing, holding, checking
local checks = {}

function checks.unique(unique, name)
  local holder = redis.call('GET', name)
  if not holder then
    return
  end
  local fact = facts(holder)
  local status = status_in(redis.call('GET', key('state', holder)))
  local ended = status == 'completed' or status == 'failed' or status == 'cancelled'
  if (not fact or fact.unique ~= unique or ended) and found('unique_stale', holder, name) then
    redis.call('DEL', name)
  end
end

function checks.effects(id, name)
  if redis.call('EXISTS', key('data', id), key('state', id)) == 0 and redis.call('EXISTS', name) == 1 then
    if found('effects_orphaned', id, name) then
      redis.call('DEL', name)
    end
  end
end

function checks.mailbox(worker, name)
  if not has_lease(worker) and redis.call('EXISTS', name) == 1 then
    if found('mailbox_unknown', '', name, worker) then
      redis.call('DEL', name)
    end
    return
  end
  local texts = posted_to(worker)
  for _, text in ipairs(texts) do
    local id, fence = string.match(text, '^(%S+) %S+ %S+ %d+ %d+ (%d+)\n')
    if not holds(id, fence, redis.call('HGET', key('processing', worker), id)) then
      if found('mailbox_stale', id, name, worker) then
        redis.call('LREM', name, 1, text)
      end
    end
  end
end

function checks.waiters()
  for _, worker in ipairs(redis.call('HKEYS', key('waiters'))) do
    if not has_lease(worker) and found('idle_unknown', '', key('waiters'), worker) then
      redis.call('HDEL', key('waiters'), worker)
    end
  end
end

function checks.idle(_, name)
  for _, worker in ipairs(redis.call('ZRANGE', name, 0, -1)) do
    if not has_lease(worker) and found('idle_unknown', '', name, worker) then
      redis.call('ZREM', name, worker)
    end
  end
end

for index = 3, #ARGV, 2 do
  checks[ARGV[index]](ARGV[index + 1], key(ARGV[index], ARGV[index + 1]))
end
return {findings}
