-- leave.lua gives places up. Leaving twice is leaving once; a pass stays as it is.
--
-- ARGV  19.. two for each ticket: id, place shown
-- Returns  the head
local ids, known = tickets(OWN, 2)
local left = {}

for i, id in ipairs(ids) do
  local k, shown = known[id], tonumber(ARGV[OWN + (i - 1) * 2 + 1])
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

if #left > 0 then record('leave', table.concat(left)) end
return head()
