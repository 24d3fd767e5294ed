-- touch.lua notes until when passes are used, for the count of those inside: not
-- beyond their end, and not once they have ended.
--
-- ARGV  19.. for each pass: pass, until as a double
-- Returns  the head
tickets(CALLED, LINE)

for i = 1, #ids do
  local k, told = ticket(i), ARGV[OWN + i - 1]
  if k.ends > now and made(k, told) then extend(k, math.min(struct.unpack('>d', told, 17), k.ends)) end
end

save()
return head()
