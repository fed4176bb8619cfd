-- hand_over(worker, runs, now, microseconds): make jobs those of a worker. runs: list of {queue, priority, ids}. Returns the
-- first fence, each next job has the next one; then the ids in order, their data (false where they are lost), and for those
-- that were handed out before, flat: position, attempt, crashes. The others are in their first attempt.
-- hand_out(worker, {job}, now, microseconds): one alone. job: {id, queue, priority}; it gets its data or '', attempt, crashes
-- and place ('queue priority'). Returns its fence.
-- post(worker, job, fence): put one that was handed out into the worker's mailbox, as one text: its head, a line feed, its data.
-- posted_to(worker): what lies in its mailbox: the texts of jobs, a set of their ids, and the number of tokens.
local function hand_over(worker, runs, now, microseconds)
  local call, format = redis.call, string.format
  local first = math.max(tonumber(call('GET', key('fence')) or 0) + 1, microseconds)
  local data_prefix, started = key('data', ''), format('%d', now)
  local ids, names, states, fences, owned, running, number = {}, {}, {}, {}, {}, {}, 0
  for _, run in ipairs(runs) do
    local place = run.queue .. ' ' .. run.priority .. ' '
    local taken = run.ids
    for index = 1, #taken do
      local id, fence = taken[index], format('%d', first + number)
      number = number + 1
      ids[number], names[number], states[number], fences[number] = id, data_prefix .. id, state_prefix .. id, fence
      owned[number * 2 - 1], owned[number * 2] = id, place .. fence
    end
    running[run.queue] = (running[run.queue] or 0) + #taken
  end
  call('SET', key('fence'), fences[number])
  local data, again, written = many('MGET', names), {}, {}
  local head = '{"status":"processing","attempt":"1","fence":"'
  local tail = '","started":"' .. started .. '","worker":' .. cjson.encode(worker) .. '}'
  for index, text in ipairs(many('MGET', states)) do
    local fence = fences[index]
    written[index * 2 - 1], written[index * 2] = states[index], head .. fence .. tail
    if text then
      local known, at = state_in(text), #again
      -- An id that a fault has put into the queues twice: the later fence wins, so the earlier holder has it no more.
      if known.status == 'processing' and call('HDEL', key('processing', known.worker or ''), ids[index]) == 1 then
        local queue = string.match(owned[index * 2], '^%S+')
        running[queue] = running[queue] - 1
      end
      known.status, known.attempt, known.fence = 'processing', (tonumber(known.attempt) or 0) + 1, fence
      known.started, known.worker = started, worker
      again[at + 1], again[at + 2], again[at + 3] = index, known.attempt, tonumber(known.crashes) or 0
      written[index * 2] = state_text(known)
    end
  end
  set_all(written)
  apply('HSET', key('processing', worker), owned)
  add_to(key('running'), running)
  return first, ids, data, again
end

local function hand_out(worker, jobs, now, microseconds)
  local job = jobs[1]
  local fence, _, data, again = hand_over(worker, {{queue = job.queue, priority = job.priority, ids = {job.id}}}, now, microseconds)
  job.place, job.data, job.attempt, job.crashes = job.queue .. ' ' .. job.priority, data[1] or '', again[2] or 1, again[3] or 0
  return fence
end

local function post(worker, job, fence)
  local head = string.format('%s %s %d %d %.0f', job.id, job.place, job.attempt, job.crashes, fence)
  redis.call('LPUSH', key('mailbox', worker), head .. '\n' .. job.data)
end

local function posted_to(worker)
  local texts, ids, tokens = {}, {}, 0
  for _, text in ipairs(redis.call('LRANGE', key('mailbox', worker), 0, -1)) do
    local id = string.match(text, '^(%S+) [^\n]*\n')
    if id then
      texts[#texts + 1] = text
      ids[id] = true
    else
      tokens = tokens + 1
    end
  end
  return texts, ids, tokens
end
