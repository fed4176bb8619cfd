-- post(worker): put a token into the mailbox of a worker.
-- wake(queue, most): push a token to the mailboxes of at most `most` idle workers of the queue. The one that registered
-- last goes first: it is the surest to be alive.
local function post(worker)
  local mailbox = key('mailbox', worker)
  redis.call('LPUSH', mailbox, '1')
  redis.call('PEXPIRE', mailbox, 60000)
end

local function wake(queue, most)
  local idle = key('idle', queue)
  for _ = 1, most do
    local popped = redis.call('ZPOPMAX', idle)
    if not popped[1] then
      return
    end
    post(popped[1])
  end
end
