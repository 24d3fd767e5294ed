-- enter.lua turns called tickets into passes. A ticket that has entered gets the
-- same answer again; one that is not called waits, and nothing changes.
--
-- ARGV  19.. for each ticket: id, place shown as a double, the record that the gateway
--       remembers, if any
-- Returns  the head, then the seats: state, place, 0, entry, end, -1
tickets(CALLED, LINE)

for i = 1, #ids do
  local told = ARGV[OWN + i - 1]
  local shown = struct.unpack('>d', told, 13)
  if #told > 20 then remind(ticket(i), told, 21) end
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
