-- sweep.lua ends tick.lua: it forgets what no ticket or pass can ask for any more. It
-- begins with what frees memory, so that Redis lets a tick go on where it is full.
local STEPS = 500
redis.call('ZREMRANGEBYSCORE', REVOKED, '-inf', whole(now - ttl - MINUTE))

-- The front is marked now and then: those called up to a mark of long ago are gone.
local marks = redis.call('HGET', STATE, 'marks')
marks = marks and cmsgpack.unpack(marks) or {}
local last = marks[#marks]
if not last or now - last[1] >= math.max(MINUTE, hold / 30) then
  marks[#marks + 1] = {now, s.front}
  while marks[2] and now - marks[2][1] > 2 * hold do table.remove(marks, 1) end
  redis.call('HSET', STATE, 'marks', cmsgpack.pack(marks))
  local all = redis.call('HGETALL', STATE)
  for i = 1, #all, 2 do -- so, too, gateways that are gone
    if string.sub(all[i], 1, 5) == 'gate:' and now - struct.unpack('>d', all[i + 1]) > 60 * MINUTE then
      redis.call('HDEL', STATE, all[i])
    end
  end
end
if marks[1] and now - marks[1][1] > 2 * hold then
  local gone = redis.call('ZRANGEBYSCORE', CALLED, '-inf', whole(marks[1][2]), 'LIMIT', 0, STEPS)
  if #gone > 0 then redis.call('ZREM', CALLED, unpack(gone)) end
end

-- Records go a hold after the pass ran out, or the place was given up.
local old = now - hold - MINUTE
for _, range in ipairs({{'0', whole(old)}, {'(' .. whole(-old), '(0'}}) do
  local gone = redis.call('ZRANGEBYSCORE', ACTIVE, range[1], range[2], 'LIMIT', 0, STEPS)
  if #gone > 0 then
    redis.call('ZREM', ACTIVE, unpack(gone))
    redis.call('HDEL', ENTERED, unpack(gone))
  end
end

local out = head()
out[#out + 1] = more
return out
