-- arrive.lua gives tickets their places, finds those they have, and puts back those
-- that the store has forgotten. Repeating it is harmless.
--
-- ARGV  7 ids  8 flags, a byte for each: 1 may enter at once, 2 of another epoch, 4 has a place,
--       8 of which the gateway remembers a record
--       9 for each that has one, place shown and place drawn as doubles; then that record
-- Returns  the head, then the seats: state, place, number, entry, end, how many waited
--          before a new one, else -1
tickets(LINE, CALLED)
local waiting, fresh = redis.call('ZCARD', LINE), {}

-- A new place is above what the id's tickets are used by.
local function outlive(k, place)
  if k.used >= place and k.held < place then
    remember(k, k.held, k.entry, k.ends, nil, place - 1) -- the clock went back since
  elseif k.used >= place then
    k.used, k.record = 0, false
    redis.call('HDEL', ENTERED, k.id) -- who left before the opening, and drew the same again
  end
end

local function arrive(i, drawn, direct)
  local place, new = math.max(s.last + 1, now), unknown(i)
  local lot = drawn > s.front and now < opens
  if lot then place = drawn else s.last = place end
  s.arrivals = s.arrivals + 1
  if not new then outlive(ticket(i), place) end
  if direct and waiting == 0 and place > s.front and not refused() and free() > 0
    and slot() + s.interval * expected(s.ratio) <= now then
    s.front, s.calls = place, s.calls + 1
    return enter(i, place, s.arrivals)
  end
  if not new or place <= s.front then
    stand(ticket(i), place)
    if place <= s.front then return ISCALLED, place, s.arrivals, 0, 0 end
  else
    known[ids[i]], fresh[#fresh + 1], fresh[#fresh + 2] = place, whole(place), ids[i]
  end
  waiting = waiting + 1
  return WAITING, place, s.arrivals, 0, 0, (lot or now < s.recover_until) and -1 or waiting - 1
end

local told, at = ARGV[OWN + 2], 1
for i = 1, #ids do
  local flags, shown, drawn = string.byte(ARGV[OWN + 1], i), 0, 0
  if flags % 4 >= 2 then recover() end
  if flags >= 4 then shown, drawn, at = struct.unpack('>dd', told, at) end
  if flags >= 8 then at = remind(ticket(i), told, at) end
  local found = not unknown(i) and tell(seat(ticket(i), shown))
  if not found and shown == 0 then
    tell(arrive(i, drawn, flags % 2 == 1))
  elseif not found then
    put_back(ticket(i), shown)
    if ticket(i).key == LINE then waiting = waiting + 1 end
    tell(seat(ticket(i), shown))
  end
end

write('ZADD', LINE, fresh)
return answer(true)
