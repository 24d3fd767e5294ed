-- finish.lua ends a pass before its time: the seat is free, the ticket is over for
-- good, and the pass is revoked, once, whether or not the store knows it.
--
-- ARGV  7 id of its ticket  8 pass  9 why  10 by
-- Returns  the head
tickets(CALLED, LINE)
local pass, k = ARGV[OWN + 1], ticket(1)

if not redis.call('ZSCORE', REVOKED, pass) then
  -- Rising, so that gateways read on from the last; not before the pass begins, so
  -- that it is kept until it has ended.
  local last = redis.call('ZRANGE', REVOKED, -1, -1, 'WITHSCORES')[2]
  local at, place, entry = math.max(now, tonumber(last or 0) + 1), 0, 0
  if made(k, struct.unpack('>I4', pass, 13)) then
    at, place, entry = math.max(at, k.entry), k.held, k.entry
    remember(k, k.held, 0, now, -now)
  end
  save()
  redis.call('ZADD', REVOKED, at, pass)
  record('end', struct.pack('>c0dd', k.id, place, entry), ARGV[OWN + 3], ARGV[OWN + 2])
end

return head()
