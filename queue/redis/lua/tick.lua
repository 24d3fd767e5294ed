-- tick.lua calls whom the rate owes a call, and sweeps what nobody can show any
-- more, in bounded steps. Any number of gateways may run it at any time.
--
-- Returns  the head, then 1 where another tick is due at once, else 0
local BOUND, LOOKAHEAD = 1000, 4000000
retime(tonumber(redis.call('HGET', STATE, 'live_interval') or '') or arg[16])

local open = {}
for _, c in ipairs(cohorts) do
  if now - c[1] < PROMPT then
    open[#open + 1] = c
  elseif s.interval > 0 and c[4] > 0 then
    local weight = math.min(1, c[4] / (SECOND / s.interval * 2 + 20))
    s.ratio = math.min(1, math.max(0.01, s.ratio + weight * (c[5] / c[4] - s.ratio)))
  end
end
cohorts = open

local pending, waits = 0, false
for _, c in ipairs(cohorts) do
  pending = pending + math.max(0, c[4] - c[5])
  waits = waits or c[4] > c[5]
end
local seats = most > 0 and most - pending
  - redis.call('ZCOUNT', ACTIVE, '(' .. string.format('%.0f', now), '+inf') or BOUND
local allowed = now >= opens and (closes == 0 or now < closes) and s.paused ~= '1' and s.sold_out ~= '1'
  and s.interval > 0 and now >= s.recover_until
local more = 0
if allowed then
  local will = expected()
  local reserved = math.max(0, s.due - now) + s.interval * will
  local n = math.floor((math.max(LOOKAHEAD, s.interval) - reserved) / s.interval / s.ratio)
  if n < 1 and s.due <= now and will < 0.5 and not waits then n = 1 end
  n = math.min(n, BOUND, seats)
  local popped = n > 0 and redis.call('ZPOPMIN', LINE, n) or {}
  if #popped > 0 then
    local add, list = {}, {}
    for i = 1, #popped, 2 do
      add[i], add[i + 1] = popped[i + 1], popped[i]
      list[#list + 1] = struct.pack('>c0dd', popped[i], tonumber(popped[i + 1]), 0)
    end
    redis.call('ZADD', CALLED, unpack(add))
    local from, upto, last = s.front, tonumber(popped[#popped]), cohorts[#cohorts]
    if last and now - last[1] < SECOND / 4 then
      last[3], last[4] = upto, last[4] + #list
    else
      cohorts[#cohorts + 1] = {now, from, upto, #list, 0}
    end
    s.front, s.calls = math.max(from, upto), s.calls + #list
    record('call', table.concat(list))
    more = #list == BOUND and 1 or 0
  end
end
