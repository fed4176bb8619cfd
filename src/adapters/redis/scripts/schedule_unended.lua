-- The jobs of the latest fires of a schedule that have not ended.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 schedule
-- returns ids, the latest first
-- flags: no-writes
-- include: state, schedules, firing
return unended(ARGV[2], FIRES)
