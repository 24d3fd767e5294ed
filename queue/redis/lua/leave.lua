-- leave.lua gives places up. Leaving twice is leaving once; a pass stays as it is.
--
-- ARGV  18.. two for each ticket: id, place shown
-- Returns  the head
local left = {}
for i = OWN, #ARGV, 2 do
  local id, shown = ARGV[i], tonumber(ARGV[i + 1])
  local rec = redis.call('HGET', ENTERED, id)
  if not (rec and struct.unpack('>d', rec) >= shown) then
    local place = tonumber(redis.call('ZSCORE', LINE, id) or redis.call('ZSCORE', CALLED, id) or shown)
    remember(id, place, 0, 0, now)
    redis.call('ZREM', LINE, id)
    redis.call('ZREM', CALLED, id)
    left[#left + 1] = struct.pack('>c0dd', id, place, 0)
  end
end
if #left > 0 then record('leave', table.concat(left)) end
save()
return head()
