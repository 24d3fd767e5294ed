-- arrive.lua gives tickets their places, finds those they have, and puts back those
-- that the store has forgotten. Repeating it is harmless.
--
-- ARGV  19.. five for each ticket: id, place shown or 0, place drawn or 0,
--       flags (1 may enter at once, 2 of another epoch), the record that the gateway remembers or ''
-- Returns  the head, then for each ticket: state, place, number, entry, end, how many
--          waited before a new one, else -1
local ids, known = tickets(OWN, 5)
local waiting, seats, new = redis.call('ZCARD', LINE), {}, {}

local function arrive(k, drawn, direct)
  local place = math.max(s.last + 1, now)
  local lot = drawn > s.front and now < opens
  if lot then place = drawn else s.last = place end
  s.arrivals = s.arrivals + 1
  if k.used >= place and k.held < place then
    remember(k, k.held, k.entry, k.ends, nil, place - 1) -- the clock went back since
  elseif k.used >= place then
    k.used = 0
    redis.call('HDEL', ENTERED, k.id) -- who left before the opening, and drew the same again
  end
  if direct and waiting == 0 and place > s.front and not refused() and free() > 0
    and slot() + s.interval * expected() <= now then
    s.front, s.calls = place, s.calls + 1
    local at = enter(k, place)
    at[3] = s.arrivals
    return at
  end
  if place <= s.front then
    stand(k, place)
    return {ISCALLED, place, s.arrivals, 0, 0}
  end
  k.place, k.key = place, LINE
  new[#new + 1], new[#new + 2] = place, k.id
  waiting = waiting + 1
  return {WAITING, place, s.arrivals, 0, 0, lot and -1 or waiting - 1}
end

for i, id in ipairs(ids) do
  local at, k = OWN + (i - 1) * 5, known[id]
  local shown, drawn, flags = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if flags >= 2 then recover() end
  remind(k, ARGV[at + 4])
  local found = seat(k, shown)
  if not found and shown > 0 then
    put_back(k, shown)
    if k.key == LINE then waiting = waiting + 1 end
    found = seat(k, shown)
  end
  seats[i] = found or arrive(k, drawn, flags % 2 == 1)
end

if #new > 0 then redis.call('ZADD', LINE, unpack(new)) end
return answer(seats, true)
