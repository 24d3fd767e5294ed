-- tick.lua calls whom the rate owes a call, and sweeps what nobody can show any
-- more, in bounded steps. Any number of gateways may run it at any time.
--
-- Returns  the head, then 1 where another tick is due at once, else 0
retime(tonumber(redis.call('HGET', STATE, 'live_interval') or '') or file_interval)
close()

local n = shut() and 0 or calls(free())
local popped = n > 0 and redis.call('ZPOPMIN', LINE, n) or {}
if #popped > 0 then
  local add, list, new, upto = {}, {}, 0, s.front
  for i = 1, #popped, 2 do
    local id, place = popped[i], tonumber(popped[i + 1])
    add[i], add[i + 1] = popped[i + 1], id
    local at = #list
    list[at + 1], list[at + 2], list[at + 3] = id, place, 0
    -- At or below the front are those whose call the store has forgotten: they are late.
    if place > s.front then new, upto = new + 1, place end
  end
  redis.call('ZADD', CALLED, unpack(add))
  if new > 0 then called(s.front, upto, new) end
  s.front, s.calls = upto, s.calls + new
  recorded('call', list)
end
local more = #popped / 2 == BOUND and 1 or 0
