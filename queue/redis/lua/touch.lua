-- touch.lua notes until when passes are used, for the count of those inside: not
-- beyond their end, and not once they have ended.
--
-- ARGV  19.. two for each pass: pass, until
-- Returns  the head
local ids, known = tickets(OWN, 2)

for i, id in ipairs(ids) do
  local at, k = OWN + (i - 1) * 2, known[id]
  if k.ends > now and made(k, ARGV[at]) then
    redis.call('ZADD', ACTIVE, math.min(tonumber(ARGV[at + 1]), k.ends), id)
  end
end

return head()
