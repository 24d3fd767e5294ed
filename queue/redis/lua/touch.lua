-- touch.lua notes until when passes are used, for the count of those inside: not
-- beyond their end, and not once they have ended.
--
-- ARGV  7 ids, as of the tickets  8 for each, how the pass ends, and until when as a double
-- Returns  the head
tickets(CALLED, LINE)

for i = 1, #ids do
  local k, ends, till = ticket(i), struct.unpack('>I4d', ARGV[OWN + 1], 12 * i - 11)
  if k.ends > now and made(k, ends) then extend(k, math.min(till, k.ends)) end
end

save()
return head()
