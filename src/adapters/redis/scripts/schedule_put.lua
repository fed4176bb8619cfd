-- Add or replace a schedule.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 name, 3 definition, 4 rhythm, 5 source, 6 anchor, 7 next due millisecond
-- returns 1
-- include: bell, schedules, putting
put(ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7])
ring()
return 1
