-- enter.lua turns called tickets into passes. A ticket that has entered gets the
-- same answer again.
--
-- ARGV  18.. four for each ticket: id, place shown, entry and end that the gateway
--       remembers of it, or 0
-- Returns  the head, then for each ticket: state, place, 0, entry, end, -1
local ids, seats, done = {}, {}, {}
for i = OWN, #ARGV, 4 do ids[#ids + 1] = ARGV[i] end
local recs, tills, line, called = facts(ids)
local gone = {}

for i, id in ipairs(ids) do
  local at = OWN + (i - 1) * 4
  local shown, entry, ends = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if not recs[i] and entry > 0 then
    remember(id, shown, entry, ends, ends)
    recs[i], tills[i] = struct.pack('>ddd', shown, entry, ends), ends
  end
  local seat = done[id] or seated(recs[i], tills[i], shown)
  if not seat then
    local place = tonumber(line[i] or called[i]) or put_back(id, shown)
    local why = place > s.front and WAITING or refused()
    if why then
      seat = {why, place, 0, 0, 0}
    else
      seat = enter(id, place)
      gone[#gone + 1] = id
      for _, c in ipairs(cohorts) do
        if place > c[2] and place <= c[3] then
          c[5] = c[5] + 1
          break
        end
      end
    end
  end
  done[id], seats[i] = seat, seat
end

if #gone > 0 then
  redis.call('ZREM', CALLED, unpack(gone))
  redis.call('ZREM', LINE, unpack(gone))
  record('enter', table.concat(entries))
end
save()
return answer(seats)
