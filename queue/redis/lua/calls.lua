-- calls.lua stands before tick.lua: how many are called, as in queue.Pace.
local SECOND, PROMPT = 1000000, 10000000

local function close()
  local open, c = {}, cohorts()
  for i = 1, #c, 5 do
    local n, came = c[i + 3], c[i + 4]
    if now - c[i] < PROMPT then
      for j = i, i + 4 do open[#open + 1] = c[j] end
    elseif s.interval > 0 and n > 0 then
      local weight = math.min(1, n / (SECOND / s.interval * 2 + 20))
      s.ratio = math.min(1, math.max(0.01, s.ratio + weight * (came / n - s.ratio)))
    end
  end
  s.opened = open
end

local function hurried()
  if s.due > now then return s.ratio end
  local came, due, c = s.ratio * 20, 20, cohorts()
  for i = 1, #c, 5 do
    came, due = came + c[i + 4], due + c[i + 3] * come(c[i], now - NEAR / 2)
  end
  return math.min(s.ratio, math.max(0.1, came / due))
end

local function calls(seats)
  if s.interval == 0 or seats <= 0 then return 0 end
  local ratio = hurried()
  local will = expected(ratio)
  local reserved = math.max(0, s.due - now) + s.interval * will
  local n = math.floor((math.max(2 * NEAR, s.interval) - reserved) / s.interval / ratio)
  if n < 1 and s.due <= now and will < 0.5 and pending() == 0 then n = 1 end
  return math.max(0, math.min(n, BOUND, seats))
end

local function called(from, upto, n)
  local c = cohorts()
  local last = #c - 4
  if last > 0 and now - c[last] < SECOND / 4 then
    c[last + 2], c[last + 3] = upto, c[last + 3] + n
  else
    for _, number in ipairs({now, from, upto, n, 0}) do c[#c + 1] = number end
  end
end
