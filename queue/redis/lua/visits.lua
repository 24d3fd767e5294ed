-- visits.lua stands behind seats.lua in the scripts that give places and passes.
local back, entries = {}, {}

-- Puts a ticket that the store has forgotten back at the place it shows. A drawn place
-- says nothing about the next ones.
local function put_back(k, place)
  stand(k, place)
  if not (ARGV[17] == '1' and place < opens) then s.last = math.max(s.last, place) end
  back[#back + 1] = struct.pack('>c0dd', k.id, place, 0)
end

-- Lets a ticket in at the next slot.
local function enter(k, place)
  local entry = take()
  drop(k)
  remember(k, place, entry, entry + ttl, entry + ttl)
  s.entries = s.entries + 1
  entered(place)
  entries[#entries + 1] = struct.pack('>c0dd', k.id, place, entry)
  return {ADMITTED, place, 0, entry, k.ends}
end

-- Ends the script with the seats, six values each.
local function answer(seats, direct)
  if #back > 0 then record('return', table.concat(back)) end
  if #entries > 0 then
    if direct then record('call', table.concat(entries), '', 'direct') end
    record('enter', table.concat(entries))
  end
  local out = head()
  for _, at in ipairs(seats) do
    for i = 1, 6 do out[#out + 1] = at[i] or -1 end
  end
  return out
end
