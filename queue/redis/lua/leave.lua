-- leave.lua gives places up. Leaving twice is leaving once; a pass stays as it is.
--
-- ARGV  7 ids  8 for each, the place shown as a double
-- Returns  the head
tickets(LINE, CALLED)
local left = {}

for i, id in ipairs(ids) do
  local k, shown = ticket(i), struct.unpack('>d', ARGV[OWN + 1], 8 * i - 7)
  if k.used < shown then
    local place = math.max(shown, k.place or 0)
    drop(k)
    if inside(k) then
      remember(k, k.held, k.entry, k.ends, nil, math.max(place, now - 1))
    else
      remember(k, place, 0, now, -now)
    end
    local n = #left
    left[n + 1], left[n + 2], left[n + 3] = id, place, 0
  end
end

save()
recorded('leave', left)
return head()
