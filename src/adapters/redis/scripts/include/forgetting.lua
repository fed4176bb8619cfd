-- forget(id, unique): remove a job that was taken out of its place, with all that belongs to it. Its unique key ('' for
-- none) is freed where the job holds it.
local function forget(id, unique)
  if unique ~= '' and redis.call('GET', key('unique', unique)) == id then
    redis.call('DEL', key('unique', unique))
  end
  redis.call('DEL', key('data', id), key('state', id), key('effects', id))
  tell_schedule(id)
end
