-- finish.lua ends a pass before its time: the seat is free, and the pass is revoked.
--
-- ARGV  18 pass  19 why  20 by
-- Returns  the head
local pass = ARGV[OWN]
local id = string.sub(pass, 1, 12)
local rec = redis.call('HGET', ENTERED, id)
if rec then
  local _, entry = struct.unpack('>ddd', rec)
  if entry % 4294967296 == struct.unpack('>I4', pass, 13) then
    redis.call('ZADD', ACTIVE, 'XX', 'LT', string.format('%.0f', now), id)
  end
end
if redis.call('ZADD', REVOKED, 'NX', string.format('%.0f', now), pass) == 1 then
  record('end', struct.pack('>c0dd', id, 0, 0), ARGV[OWN + 2], ARGV[OWN + 1])
end
save()
return head()
