-- hand_out(worker, taken, now, microseconds): make jobs those of a worker. taken: list of {id, queue, priority}; each gets
-- its data or '', attempt, crashes and place ('queue priority'); the first fence, each next job has the next one.
-- post(worker, job, fence): put one that was handed out into the worker's mailbox, as one text: its head, a line feed, its data.
-- posted_to(worker): what lies in its mailbox: the texts of jobs, a set of their ids, and the number of tokens.
local function hand_out(worker, taken, now, microseconds)
  local fence = math.max(tonumber(redis.call('GET', key('fence')) or 0) + 1, microseconds)
  redis.call('SET', key('fence'), string.format('%.0f', fence + #taken - 1))
  local data_prefix, state_prefix = key('data', ''), key('state', '')
  local names, states, owned, running = {}, {}, {}, {}
  for index, job in ipairs(taken) do
    job.place = job.queue .. ' ' .. job.priority
    names[index] = data_prefix .. job.id
    states[index] = state_prefix .. job.id
    owned[index * 2 - 1] = job.id
    owned[index * 2] = string.format('%s %.0f', job.place, fence + index - 1)
    running[job.queue] = (running[job.queue] or 0) + 1
  end
  local data = many('MGET', names)
  local have_state = count('EXISTS', states) > 0
  for index, job in ipairs(taken) do
    job.data, job.attempt, job.crashes = data[index] or '', 1, 0
    if have_state then
      local known = redis.call('HMGET', states[index], 'attempt', 'crashes', 'status', 'worker')
      job.attempt, job.crashes = (tonumber(known[1]) or 0) + 1, tonumber(known[2]) or 0
      -- An id that a fault has put into the queues twice: the later fence wins, so the earlier holder has it no more.
      if known[3] == 'processing' and redis.call('HDEL', key('processing', known[4] or ''), job.id) == 1 then
        running[job.queue] = running[job.queue] - 1
      end
    end
    local token = fence + index - 1
    redis.call('HSET', states[index], 'status', 'processing', 'attempt', job.attempt, 'fence', token, 'started', now, 'worker', worker)
  end
  apply('HSET', key('processing', worker), owned)
  for queue, number in pairs(running) do
    redis.call('HINCRBY', key('running'), queue, number)
  end
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
