-- control.lua sets the live state of a room, with who set it and when.
--
-- ARGV  18 by  19 what changed, for the journal  20 '1' sets only what nobody has set
--       21.. name, value pairs; a value '' drops what was set
-- Returns  the head
local by, detail, only = ARGV[OWN], ARGV[OWN + 1], ARGV[OWN + 2] == '1'
local changed = false
for i = OWN + 3, #ARGV, 2 do
  local name, value = ARGV[i], ARGV[i + 1]
  if not (only and redis.call('HEXISTS', STATE, name .. '_at') == 1) then
    changed = true
    if value == '' and (name == 'rate' or name == 'live_interval') then
      redis.call('HDEL', STATE, name, name .. '_by', name .. '_at')
    else
      redis.call('HSET', STATE, name, value, name .. '_by', by, name .. '_at', string.format('%.0f', now))
    end
    if s[name] ~= nil then s[name] = value end
  end
end
retime(tonumber(redis.call('HGET', STATE, 'live_interval') or '') or arg[16])
if changed then record('control', '', by, detail) end
save()
return head()
