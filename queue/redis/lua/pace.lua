-- pace.lua stands behind state.lua: slots and the rate, as in queue.Pace, line by
-- line. A difference between the two is a defect; a test runs them side by side.
local STEP, HORIZON = 2000000, 30000000

-- The cohorts, oldest first, of each five numbers: at, from, upto, called, entered. They are
-- opened only where somebody asks for them.
local function cohorts()
  if s.opened then return s.opened end
  s.opened = {struct.unpack('>' .. string.rep('d', #s.cohorts / 8), s.cohorts)}
  s.opened[#s.opened] = nil -- where the last one ends
  return s.opened
end

-- Pace.At: jitter backwards is held; a step back moves along all that was reckoned.
if now < s.clock then
  local back = s.clock - now
  if back <= STEP then
    now = s.clock
  else
    s.due = s.due - back
    local c = cohorts()
    for i = 1, #c, 5 do c[i] = c[i] - back end
    if s.recover_until > 0 then s.recover_until = s.recover_until - back end
  end
end
s.clock = now

local function slot()
  local at = math.max(s.due, now - (burst - 1) * s.interval)
  return burst <= 1 and math.ceil(at) or at
end

local function near() return slot() <= now + HORIZON end

local function take()
  local at = slot()
  s.due = at + s.interval
  return math.ceil(math.max(now, at))
end

local function retime(interval)
  local old, due = s.interval, s.due
  if interval == old then return end
  if old == 0 then
    if s.spare_interval == 0 then
      s.interval, s.due = interval, math.max(due, now)
      return
    end
    old, due = s.spare_interval, now + s.spare
  end
  s.interval = interval
  if interval == 0 then
    s.spare, s.spare_interval, s.due = due - now, old, due
    return
  end
  local slots = math.min(1, math.max(due - now, -burst * old) / old)
  local nxt = now + math.ceil(slots * interval * 4) / 4
  if s.due - old > now then nxt = s.due - old + interval end
  s.due = nxt
end
