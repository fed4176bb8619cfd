-- ring(): end the wait of one scheduler, or of the next that waits. The bell holds one token at most.
-- tell_schedule(id): a job has ended, or is gone; rings where an instant of its schedule waits for that.
local COLON = string.byte(':')

local function ring()
  if redis.call('EXISTS', key('schedules', 'bell')) == 0 then
    redis.call('LPUSH', key('schedules', 'bell'), '1')
  end
end

local function tell_schedule(id)
  if string.byte(id, 9) == COLON then  -- nothing is made of the id of a job that is of no schedule
    local name = string.match(id, '^schedule:([^:]+)')
    if name and redis.call('HEXISTS', key('schedules', 'queued'), name) == 1 then
      ring()
    end
  end
end
