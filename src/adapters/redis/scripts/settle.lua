-- Record how deliveries ended.
-- KEYS    1 meta
-- ARGV    1 prefix, then per settlement: id, fence, worker id, event, queue, priority, delay in milliseconds,
--         keep in milliseconds (negative: for ever), error or '', reason or '', result or '', unique key or ''
-- returns per settlement: 1 recorded | 0 refused, nothing changed
-- flags: allow-oom
-- include: waking, waiting, ending

local now = milliseconds()
local answers = {}
local cancelling = {erred = true, snoozed = true, given_back = true, crashed = true}
local finals = {succeeded = 'completed', died = 'failed', cancelled = 'cancelled', discarded = 'cancelled', expired = 'cancelled'}

for index = 2, #ARGV, 12 do
  local id, fence, worker, event = ARGV[index], ARGV[index + 1], ARGV[index + 2], ARGV[index + 3]
  local queue, priority = ARGV[index + 4], ARGV[index + 5]
  local delay, keep = tonumber(ARGV[index + 6]), tonumber(ARGV[index + 7])
  local message, reason, result, unique = ARGV[index + 8], ARGV[index + 9], ARGV[index + 10], ARGV[index + 11]
  local state = key('state', id)
  local known = redis.call('HMGET', state, 'status', 'fence', 'cancel', 'cancel_keep')
  if known[1] ~= 'processing' or known[2] ~= fence then
    answers[#answers + 1] = 0
  else
    redis.call('HDEL', key('processing', worker), id)
    redis.call('HINCRBY', key('running'), queue, -1)
    if known[3] then
      if cancelling[event] then
        event, reason, keep = 'cancelled', 'cancelled', tonumber(known[4])
      end
    end
    local fields = {'reason', reason}
    if message ~= '' then
      fields[#fields + 1] = 'error'
      fields[#fields + 1] = message
    end
    if finals[event] then
      if result ~= '' then
        fields[#fields + 1] = 'result'
        fields[#fields + 1] = result
      end
      finish(id, queue, finals[event], now, keep, unique, fields)
    elseif event == 'erred' then
      redis.call('HSET', state, 'status', 'retrying', 'due', now + delay, unpack(fields))
      hold(queue, id, now + delay, 'retrying')
    else
      redis.call('HINCRBY', state, 'attempt', -1)
      if event == 'snoozed' then
        redis.call('HSET', state, 'status', 'scheduled', 'due', now + delay, unpack(fields))
        hold(queue, id, now + delay, 'scheduled')
      else
        if event == 'crashed' then
          redis.call('HINCRBY', state, 'crashes', 1)
        end
        redis.call('HSET', state, 'status', 'pending', unpack(fields))
        push(queue, priority, {id}, true)
      end
    end
    answers[#answers + 1] = 1
  end
end
return answers
