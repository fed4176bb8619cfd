-- status_of(id): the status of a job that has data: its state's, or what its place tells before the first dequeue.
local function status_of(id)
  local status = status_in(redis.call('GET', key('state', id)))
  if status then
    return status
  end
  return redis.call('ZSCORE', key('delayed'), id) and 'scheduled' or 'pending'
end

-- leave(id, status, queue, priority): take a waiting job out of its place.
local function leave(id, status, queue, priority)
  if status == 'pending' then
    redis.call('LREM', key('queue', queue, priority), 1, id)
  elseif status == 'scheduled' or status == 'retrying' then
    release(queue, id, status)
  end
end
