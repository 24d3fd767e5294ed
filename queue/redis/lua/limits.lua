-- limits.lua stands behind begin.lua: what keeps people from being called and let in.

-- How many are inside, and how many more may be called or come in. It is counted once:
-- what the script changes is added by who changes it.
local count
local function active()
  count = count or redis.call('ZCOUNT', ACTIVE, '(' .. whole(now), '+inf')
  return count
end
local function sold() return s.entries - s.base end
local function free()
  local seats = math.min(most > 0 and most - active() or math.huge, quota > 0 and quota - sold() or math.huge)
  return seats < math.huge and seats - pending() or BOUND
end

-- Why nobody is called or let in now, in the order in which a view tells it; nil where
-- the room is open.
local function shut()
  if now < opens then return EARLY end
  if closes > 0 and now >= closes then return CLOSED end
  if s.sold_out == '1' or quota > 0 and sold() >= quota then return SOLDOUT end
  if s.paused == '1' or s.interval == 0 then return PAUSED end
  if now < s.recover_until then return RECOVERING end
end

-- Why nobody may enter now: a ticket whose slot is far away stays called.
local function refused()
  local why = shut()
  if why then return why end
  if not near() then return ISCALLED end
  if most > 0 and active() >= most then return FULL end
end
