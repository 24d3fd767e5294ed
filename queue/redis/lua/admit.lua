-- admit.lua stands behind visits.lua: how a ticket becomes a pass.

-- The place of a ticket that is called, and of which there is nothing else; else nil.
local function waits(i)
  if first == CALLED and places[i] and not (records[i] or known[ids[i]]) then
    local place = tonumber(places[i])
    return place <= s.front and place or nil
  end
end

-- Lets a ticket in at the next slot.
local function enter(i, place, number)
  local id, entry = ids[i], take()
  local ends = entry + ttl
  if waits(i) then -- as nearly all do
    if most > 0 then count = active() + 1 end
    known[id], left[#left + 1] = -entry, id
    note(id, place, entry, ends, math.max(place, now - 1))
    use(id, ends)
  else
    local k = ticket(i)
    drop(k)
    remember(k, place, entry, ends, ends)
  end
  s.entries = s.entries + 1
  entered(place)
  local n = #entries
  entries[n + 1], entries[n + 2], entries[n + 3] = id, place, entry
  return ADMITTED, place, number, entry, ends
end
