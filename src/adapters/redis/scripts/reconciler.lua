-- Become, or stay, the one who reconciles.
-- KEYS    1 meta
-- ARGV    1 prefix, 2 who, 3 for how many milliseconds
-- returns a word that is another one after a job came, ran or ended | '' somebody else is the one
-- flags: allow-oom
local reconciler = key('reconciler')
local who = redis.call('GET', reconciler)
if who and who ~= ARGV[2] then
  return ''
end
redis.call('SET', reconciler, ARGV[2], 'PX', ARGV[3])
return table.concat({
  redis.call('DBSIZE'),
  redis.call('GET', key('fence')) or '',
  redis.call('ZCARD', key('delayed')),
  redis.call('LLEN', key('completed')),
  redis.call('LLEN', key('cancelled')),
  redis.call('HLEN', key('beats')),
}, ' ')
