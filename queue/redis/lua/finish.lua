-- finish.lua ends a pass before its time: the seat is free, the ticket is over for
-- good, and the pass is revoked, once, whether or not the store knows it.
--
-- ARGV  19 pass  20 why  21 by
-- Returns  the head
tickets(CALLED, LINE, OWN)
local pass, k = ARGV[OWN], ticket(1)

if not redis.call('ZSCORE', REVOKED, pass) then
  -- Rising, so that gateways read on from the last; not before the pass begins, so
  -- that it is kept until it has ended.
  local last = redis.call('ZRANGE', REVOKED, -1, -1, 'WITHSCORES')[2]
  local at, place, entry = math.max(now, tonumber(last or 0) + 1), 0, 0
  if made(k, pass) then
    at, place, entry = math.max(at, k.entry), k.held, k.entry
    remember(k, k.held, 0, now, -now)
  end
  save()
  redis.call('ZADD', REVOKED, at, pass)
  record('end', struct.pack('>c0dd', k.id, place, entry), ARGV[OWN + 2], ARGV[OWN + 1])
end

return head()
