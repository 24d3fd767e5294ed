-- cohorts.lua stands behind pace.lua: those called and expected, as in queue.Pace.
local NEAR = 2000000

local function come(at, time) return math.max(0, math.min(1, (time - at) / (2 * NEAR))) end

local function expected(ratio)
  local sum, c = 0, cohorts()
  for i = 1, #c, 5 do
    sum = sum + math.max(0, ratio * c[i + 3] - c[i + 4]) * (1 - come(c[i], now))
  end
  return sum
end

local function pending()
  local n, c = 0, cohorts()
  for i = 1, #c, 5 do n = n + math.max(0, c[i + 3] - c[i + 4]) end
  return n
end

local latest -- found last: who was called together comes together
local function entered(place)
  local c = cohorts()
  if not (latest and place > c[latest + 1] and place <= c[latest + 2]) then
    latest = nil
    for i = 1, #c, 5 do
      if place > c[i + 1] and place <= c[i + 2] then latest = i end
    end
  end
  if latest then c[latest + 4] = c[latest + 4] + 1 end
end
