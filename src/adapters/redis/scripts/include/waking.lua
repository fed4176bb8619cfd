-- claim(queue): a worker that waits for jobs of this queue, and whom nobody has woken since it said so; nil for none. The
-- one that said so last goes first: it is the surest to be alive. Who is claimed must be sent something.
-- unclaim(worker, queue, now): it goes on waiting after all.
-- wake(queue, most): send a token to at most `most` waiting workers of the queue.
local TOKEN = '1'

local function claim(queue)
  local idle = key('idle', queue)
  while true do
    local worker = redis.call('ZPOPMAX', idle)[1]
    if not worker then
      return nil
    end
    if redis.call('HDEL', key('waiters'), worker) == 1 and has_lease(worker) then
      return worker
    end
  end
end

local function unclaim(worker, queue, now)
  redis.call('HSET', key('waiters'), worker, now)
  redis.call('ZADD', key('idle', queue), now, worker)
end

local function wake(queue, most)
  for _ = 1, most do
    local worker = claim(queue)
    if not worker then
      return
    end
    redis.call('LPUSH', key('mailbox', worker), TOKEN)
  end
end
