-- spread(queue, levels): make new jobs of one queue wait, by level: {priority, ids}. Where nothing waits there, the most
-- urgent one goes straight to a worker that waits: its blocked read returns the job.
local RANK = {low = 0, normal = 1, high = 2, critical = 3}

local function spread(queue, levels)
  local worker, handed = claim(queue), false
  if worker and redis.call('SISMEMBER', key('paused'), queue) == 1 then
    unclaim(worker, queue, milliseconds())
    worker = nil
  elseif worker and not redis.call('ZSCORE', key('ready'), queue) then
    local best = levels[1]
    for _, level in ipairs(levels) do
      if RANK[level.priority] > RANK[best.priority] then
        best = level
      end
    end
    local job = {id = table.remove(best.ids, 1), queue = queue, priority = best.priority}
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    post(worker, job, hand_out(worker, {job}, now, time[1] * 1000000 + time[2]))
    handed = true
    if redis.call('EXISTS', key('delayed')) == 1 then
      wake(queue, 1)  -- who was handed the job may have been the one that minded the next due time
    end
  elseif worker then
    redis.call('LPUSH', key('mailbox', worker), TOKEN)
  end
  local waiting = 0
  for _, level in ipairs(levels) do
    if #level.ids > 0 then
      line_up(queue, level.priority, level.ids, false)
      waiting = waiting + #level.ids
    end
  end
  if worker then
    wake(queue, handed and waiting or waiting - 1)
  end
end
