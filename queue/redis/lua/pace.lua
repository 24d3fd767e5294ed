-- pace.lua stands behind state.lua: the arithmetic of queue.Pace, line by line.
-- A difference between the two is a defect; a test runs them side by side.
local SECOND, PROMPT, NEAR, STEP, HORIZON = 1000000, 10000000, 2000000, 2000000, 30000000

local function expected()
  local sum = 0
  for _, c in ipairs(cohorts) do
    local fade = math.max(0, math.min(1, 1 - (now - c[1]) / (2 * NEAR)))
    sum = sum + math.max(0, s.ratio * c[4] - c[5]) * fade
  end
  return sum
end

local function slot()
  local at = math.max(s.due, now - (burst - 1) * s.interval)
  return burst <= 1 and math.ceil(at) or at
end

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

-- Time never goes back by jitter; a step back moves all that was reckoned along.
local clock, seen_at, seen_due = s.clock, arg[5], arg[6]
if s.epoch and now < clock then
  if clock - now <= STEP then
    now = clock
  else
    s.due = s.due - (clock - now)
    for _, c in ipairs(cohorts) do c[1] = c[1] - (clock - now) end
  end
end
s.clock = now

if not s.epoch then
  s.epoch, s.due, s.ratio = ARGV[2], now, 0.9
  if ARGV[3] ~= '' then s.recover_until, s.recovered = now + arg[4], '1' end
  redis.call('HSET', STATE, 'recovered', s.recovered or '0')
  record('epoch', '', '', s.epoch)
end
if now < seen_at - STEP then seen_due = seen_due + now - seen_at end
if arg[7] > 0 and (arg[7] == s.interval or s.interval == 0) then s.due = math.max(s.due, seen_due) end
s.front, s.last = math.max(s.front, arg[8]), math.max(s.last, arg[9])
