-- Correct the counters of jobs that wait for a time, by how much they were found to be wrong.
-- KEYS    1 meta
-- ARGV    1 prefix, then in turn: counter, difference
-- returns 1
-- flags: allow-oom
for index = 2, #ARGV, 2 do
  redis.call('HINCRBY', key('delayed', 'counts'), ARGV[index], ARGV[index + 1])
end
return 1
