-- enter.lua turns called tickets into passes. A ticket that has entered gets the
-- same answer again; one that is not called waits, and nothing changes.
--
-- ARGV  19.. three for each ticket: id, place shown, the record that the gateway
--       remembers or ''
-- Returns  the head, then for each ticket: state, place, 0, entry, end, -1
local ids, known = tickets(OWN, 3)
local seats = {}

for i, id in ipairs(ids) do
  local at, k = OWN + (i - 1) * 3, known[id]
  local shown = tonumber(ARGV[at + 1])
  remind(k, ARGV[at + 2])
  local found = seat(k, shown)
  if not found then
    put_back(k, shown)
    found = seat(k, shown)
  end
  if found[1] == ISCALLED then
    local why = refused()
    found = why and {why, k.place, 0, 0, 0} or enter(k, k.place)
  end
  seats[i] = found
end

return answer(seats)
