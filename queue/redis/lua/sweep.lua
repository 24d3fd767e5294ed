-- sweep.lua ends tick.lua: it forgets what no ticket or pass can ask for any more.
local MINUTE, STEPS = 60000000, 500

-- Each minute the front is marked: those called up to a mark of long ago are gone.
local marks = s.marks and cmsgpack.unpack(s.marks) or {}
local last = marks[#marks]
if not last or now - last[1] >= MINUTE then
  marks[#marks + 1] = {now, s.front}
  while marks[2] and now - marks[2][1] > 2 * hold do table.remove(marks, 1) end
  redis.call('HSET', STATE, 'marks', cmsgpack.pack(marks))
end
if marks[1] and now - marks[1][1] > 2 * hold then
  local gone = redis.call('ZRANGEBYSCORE', CALLED, '-inf', string.format('%.0f', marks[1][2]), 'LIMIT', 0, STEPS)
  if #gone > 0 then redis.call('ZREM', CALLED, unpack(gone)) end
end

local old = redis.call('ZRANGEBYSCORE', ACTIVE, '-inf', string.format('%.0f', now - hold - MINUTE), 'LIMIT', 0, STEPS)
if #old > 0 then
  redis.call('ZREM', ACTIVE, unpack(old))
  redis.call('HDEL', ENTERED, unpack(old))
end
redis.call('ZREMRANGEBYSCORE', REVOKED, '-inf', string.format('%.0f', now - ttl - MINUTE))

save()
local out = head()
out[#out + 1] = more
return out
