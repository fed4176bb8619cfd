-- inspect(item, room): why an item cannot come in, as an answer for the caller, or nil. room(queue) is how many more the
-- queue may hold, nil without a cap.
-- accept(item): write an item that inspect let through.
-- item: {id, data, queue, priority, due ('' for at once), unique ('' for none), type}
local function inspect(item, room)
  local id, unique = item.id, item.unique
  local existing = redis.call('GET', key('data', id))
  if existing then
    return {'exists', existing}
  end
  if unique ~= '' then
    local holder = redis.call('GET', key('unique', unique))
    if holder and redis.call('EXISTS', key('data', holder)) == 1 then
      return {'held', holder}
    end
  end
  local left = room(item.queue)
  if left and left <= 0 then
    return {'full', item.queue}
  end
  return nil
end

local function accept(item)
  redis.call('SET', key('data', item.id), item.data)
  if item.unique ~= '' then
    redis.call('SET', key('unique', item.unique), item.id)
  end
  if item.due ~= '' then
    hold(item.queue, item.id, item.due, 'scheduled')
  end
end
