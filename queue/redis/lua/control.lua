-- control.lua sets the live state of a room, with who set it and when. Dropping a
-- live rate that nobody has set changes nothing, and is not told.
--
-- ARGV  7 by  8 what changed, for the journal
--       9 when it was set: sets only what was not set later, after a loss; '' for now, and later than what
--         was set before, also where the clock went back
--       10 interval of the rate that is set, ''  11.. name, value pairs; a rate '' drops the live one
-- Returns  the head
local by, detail, at = ARGV[OWN], ARGV[OWN + 1], tonumber(ARGV[OWN + 2])
local changed = false
for i = OWN + 4, #ARGV, 2 do
  local name, value = ARGV[i], ARGV[i + 1]
  local before = tonumber(redis.call('HGET', STATE, name .. '_at') or 0)
  if value == '' and name == 'rate' then
    changed = changed or redis.call('HEXISTS', STATE, name) == 1
    redis.call('HDEL', STATE, name, name .. '_by', name .. '_at', 'live_interval')
  elseif not at or before < at then
    changed = true
    redis.call('HSET', STATE, name, value, name .. '_by', by, name .. '_at', whole(at or math.max(now, before + 1)))
    if name == 'rate' then redis.call('HSET', STATE, 'live_interval', ARGV[OWN + 3]) end
    if name == 'paused' or name == 'sold_out' then s[name] = value end
  end
end
retime(tonumber(redis.call('HGET', STATE, 'live_interval') or '') or file_interval)
if changed then record('control', '', by, detail) end
return head()
