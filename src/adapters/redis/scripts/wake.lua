-- End the wait of one worker.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 worker id
-- returns 1
-- flags: allow-oom
-- include: batches, lease, waking
redis.call('HDEL', key('waiters'), ARGV[2])
if has_lease(ARGV[2]) then
  redis.call('LPUSH', key('mailbox', ARGV[2]), TOKEN)
end
return 1
