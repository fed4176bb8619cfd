-- End the wait of one worker.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 worker id
-- returns 1
-- flags: allow-oom
-- include: waking
post(ARGV[2])
return 1
