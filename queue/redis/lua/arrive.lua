-- arrive.lua gives tickets their places, finds those they have, and puts back those
-- that the store has forgotten. Repeating it is harmless.
--
-- ARGV  18.. six for each ticket: id, place shown or 0, place drawn or 0,
--       flags (1 may enter at once, 2 of another epoch),
--       entry and end that the gateway remembers of it, or 0
-- Returns  the head, then for each ticket: state, place, number, entry, end, how many
--          waited before a new one, else -1
local ids, seats, fresh, new, back = {}, {}, {}, {}, {}
for i = OWN, #ARGV, 6 do ids[#ids + 1] = ARGV[i] end
local recs, tills, line, called = facts(ids)
local waiting = redis.call('ZCARD', LINE)

local function arrive(id, drawn, direct)
  local place = math.max(s.last + 1, now)
  local lot = drawn > 0 and now < opens
  if lot then place = drawn else s.last = place end
  s.arrivals = s.arrivals + 1
  if direct and waiting == 0 and #new == 0 and not refused() and slot() + s.interval * expected() <= now then
    s.front, s.calls = place, s.calls + 1
    local seat = enter(id, place)
    seat[3] = s.arrivals
    return seat
  end
  new[#new + 1] = string.format('%.0f', place)
  new[#new + 1] = id
  return {WAITING, place, s.arrivals, 0, 0, lot and -1 or waiting + #new / 2 - 1}
end

for i, id in ipairs(ids) do
  local at = OWN + (i - 1) * 6
  local shown, drawn, flags = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local entry, ends = tonumber(ARGV[at + 4]), tonumber(ARGV[at + 5])
  if flags >= 2 and s.recovered ~= '1' then
    s.recovered, s.recover_until = '1', now + arg[4]
    redis.call('HSET', STATE, 'recovered', '1')
  end
  if not recs[i] and shown > 0 and entry > 0 then
    remember(id, shown, entry, ends, ends)
    recs[i], tills[i] = struct.pack('>ddd', shown, entry, ends), ends
  end
  local seat = fresh[id] or seated(recs[i], tills[i], shown)
  local place = tonumber(line[i] or called[i])
  if not seat and not place and shown > 0 then
    place = put_back(id, shown)
    back[#back + 1] = struct.pack('>c0dd', id, shown, 0)
  end
  if not seat and place then seat = {place <= s.front and ISCALLED or WAITING, place, 0, 0, 0} end
  if not seat then
    if recs[i] and now < opens then redis.call('HDEL', ENTERED, id) end
    seat = arrive(id, drawn, flags % 2 == 1)
  end
  fresh[id], seats[i] = seat, seat
end

if #new > 0 then redis.call('ZADD', LINE, 'NX', unpack(new)) end
if #back > 0 then record('return', table.concat(back)) end
if #entries > 0 then
  record('call', table.concat(entries), '', 'direct')
  record('enter', table.concat(entries))
end
save()
return answer(seats)
