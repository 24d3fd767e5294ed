-- visits.lua stands behind seats.lua in the scripts that give places and passes.
local seats, back, entries = {}, {}, {}

-- Adds a seat to the answer, and says whether there was one.
local function tell(state, place, number, entry, ends, ahead)
  if not state then return false end
  local n = #seats
  seats[n + 1], seats[n + 2], seats[n + 3] = state, place, number
  seats[n + 4], seats[n + 5], seats[n + 6] = entry, ends, ahead or -1
  return true
end

-- What the gateway remembers counts where the store has forgotten it. Returns where
-- that record ends in what was told.
local function remind(k, told, at)
  local place, entry, ends, since, upto = struct.unpack('>dddd', told, at)
  if place > k.used then
    if k.place and k.place <= place then drop(k) end
    remember(k, place, entry, ends, entry > 0 and ends or -now, since - 1)
  end
  return upto
end

-- Puts a ticket that the store has forgotten back at the place it shows. A drawn place
-- says nothing about the next ones.
local function put_back(k, place)
  stand(k, place)
  if not (draw == 1 and place < opens) then s.last = math.max(s.last, place) end
  local n = #back
  back[n + 1], back[n + 2], back[n + 3] = k.id, place, 0
end

-- Ends the script with the seats, six doubles each in one string.
local function answer(direct)
  save()
  recorded('return', back)
  if direct then recorded('call', entries, 'direct') end
  recorded('enter', entries)
  local out = head()
  out[#out + 1] = struct.pack('>' .. string.rep('d', #seats), unpack(seats))
  return out
end
