-- touch.lua notes until when passes are valid now. A pass that has ended stays ended.
--
-- ARGV  18.. two for each pass: ticket id, until
-- Returns  the head
for i = OWN, #ARGV, 2 do
  local till, rec = redis.call('ZSCORE', ACTIVE, ARGV[i]), redis.call('HGET', ENTERED, ARGV[i])
  if rec and till and tonumber(till) > now then
    local _, _, ends = struct.unpack('>ddd', rec)
    redis.call('ZADD', ACTIVE, 'XX', math.min(tonumber(ARGV[i + 1]), ends), ARGV[i])
  end
end
return head()
