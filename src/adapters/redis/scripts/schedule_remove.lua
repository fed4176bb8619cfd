-- Forget a schedule.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name
-- returns 1 removed | 0 there was none
-- flags: allow-oom
-- include: schedules
return forget_schedule(ARGV[2]) and 1 or 0
