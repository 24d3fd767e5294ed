-- touch.lua notes until when passes are used, for the count of those inside: not beyond
-- their end, and not once they have ended; and which generations of them were shown.
--
-- ARGV  7 ids, as of the tickets
--       8 for each, how the pass ends, until when as a double, and 1 where a generation was
--         shown, 3 with a key; then that generation, and the tags of its parent and of the one before
-- Returns  the head
tickets(CALLED, LINE)
local at = 1

for i = 1, #ids do
  local k, ends, till, shown, n, p, q = ticket(i), nil, nil, nil, nil, nil, nil
  ends, till, shown, n, p, q, at = struct.unpack('>I4dBI4I4I4', ARGV[OWN + 1], at)
  if k.ends > now and made(k, ends) then
    extend(k, math.min(till, k.ends))
    if shown > 0 then see(k, n, p, q, shown == 3) end
  end
end

save()
told()
return head()
