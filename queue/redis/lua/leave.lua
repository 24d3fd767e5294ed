-- leave.lua gives places up. Leaving twice is leaving once; a pass stays as it is.
--
-- ARGV  19.. for each ticket: id, place shown as a double
-- Returns  the head
tickets(LINE, CALLED)
local left = {}

for i, id in ipairs(ids) do
  local k, shown = ticket(i), struct.unpack('>d', ARGV[OWN + i - 1], 13)
  if k.used < shown then
    local place = math.max(shown, k.place or 0)
    drop(k)
    if inside(k) then
      remember(k, k.held, k.entry, k.ends, nil, math.max(place, now - 1))
    else
      remember(k, place, 0, now, -now)
    end
    left[#left + 1] = struct.pack('>c0dd', id, place, 0)
  end
end

save()
if #left > 0 then record('leave', table.concat(left)) end
return head()
