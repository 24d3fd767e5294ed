-- enter.lua turns called tickets into passes. A ticket that has entered gets the
-- same answer again; one that is not called waits, and nothing changes.
--
-- ARGV  7 ids  8 a byte for each: 1 where the gateway remembers a record
--       9 for each, the place shown as a double, and that record
-- Returns  the head, then the seats: state, place, 0, entry, end, -1
tickets(CALLED, LINE)
local flags, told, at, shown = ARGV[OWN + 1], ARGV[OWN + 2], 1, 0

for i = 1, #ids do
  shown, at = struct.unpack('>d', told, at)
  if string.byte(flags, i) == 1 then at = remind(ticket(i), told, at) end
  local place, k = waits(i), nil
  if not place then
    k = ticket(i)
    if not seat(k, shown) then put_back(k, shown) end
    place = seat(k, shown) == ISCALLED and k.place
  end
  if not place then
    tell(seat(k, shown))
  else
    local why = refused()
    if why then tell(why, place, 0, 0, 0) else tell(enter(i, place, 0)) end
  end
end

return answer()
