-- cohorts.lua stands behind pace.lua: those called and expected, as in queue.Pace.
local SECOND, PROMPT, NEAR = 1000000, 10000000, 2000000

local function expected()
  local sum = 0
  for _, c in ipairs(cohorts()) do
    local fade = 1 - (now - c[1]) / (2 * NEAR)
    sum = sum + math.max(0, s.ratio * c[4] - c[5]) * math.max(0, math.min(1, fade))
  end
  return sum
end

local function close()
  local open = {}
  for _, c in ipairs(cohorts()) do
    if now - c[1] < PROMPT then
      open[#open + 1] = c
    elseif s.interval > 0 and c[4] > 0 then
      local weight = math.min(1, c[4] / (SECOND / s.interval * 2 + 20))
      s.ratio = math.min(1, math.max(0.01, s.ratio + weight * (c[5] / c[4] - s.ratio)))
    end
  end
  s.opened = open
end

local function pending()
  local n = 0
  for _, c in ipairs(cohorts()) do n = n + math.max(0, c[4] - c[5]) end
  return n
end

local function calls(seats)
  if s.interval == 0 or seats <= 0 then return 0 end
  local will = expected()
  local reserved = math.max(0, s.due - now) + s.interval * will
  local n = math.floor((math.max(2 * NEAR, s.interval) - reserved) / s.interval / s.ratio)
  if n < 1 and s.due <= now and will < 0.5 and pending() == 0 then n = 1 end
  return math.max(0, math.min(n, BOUND, seats))
end

local function called(from, upto, n)
  local list = cohorts()
  local last = list[#list]
  if last and now - last[1] < SECOND / 4 then
    last[3], last[4] = upto, last[4] + n
  else
    list[#list + 1] = {now, from, upto, n, 0}
  end
end

local latest -- found last: who was called together comes together
local function entered(place)
  if not (latest and place > latest[2] and place <= latest[3]) then
    latest = nil
    for _, c in ipairs(cohorts()) do
      if place > c[2] and place <= c[3] then latest = c end
    end
  end
  if latest then latest[5] = latest[5] + 1 end
end
