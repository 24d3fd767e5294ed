-- seats.lua stands behind save.lua in the scripts about tickets.
--
-- A ticket is a table: where it stands (place, in the set key; in the store, in the set
-- stood), and its record: what entered or was given up (held, entry, ends; entry 0 is
-- over), and up to which place its id's tickets are used by that (used): all that were
-- given or stamped until then. Active holds until when each is in use (till); minus since
-- when it is over.
local ids, known = {}, {}
local records, places, others, uses, first, second = {}, {}, {}, {}, nil, nil

-- Reads the tickets whose ids are the first argument: from the set where most of them
-- are, and only what is not there from the other.
local function tickets(set, other)
  ids = {struct.unpack(string.rep('c12', #ARGV[OWN] / 12), ARGV[OWN])}
  ids[#ids] = nil -- where the last one ends
  first, second, records, places = set, other, redis.call('HMGET', ENTERED, unpack(ids)), redis.call('ZMSCORE', set, unpack(ids))
  local elsewhere, used = false, false
  for i = 1, #ids do elsewhere, used = elsewhere or not places[i], used or records[i] end
  if elsewhere then others = redis.call('ZMSCORE', other, unpack(ids)) end
  if used then uses = redis.call('ZMSCORE', ACTIVE, unpack(ids)) end
end

-- Whether there is nothing of a ticket, as of most of those who come.
local function unknown(i) return not (known[ids[i]] or records[i] or places[i] or others[i]) end

-- A ticket. Most are not asked for again: of them known has no more than the place that
-- they got just now, or minus their entry.
local function ticket(i)
  local id = ids[i]
  local was = known[id] or 0
  if type(was) == 'table' then return was end
  local stood = (was > 0 or places[i]) and first or others[i] and second or nil
  local k = {id = id, held = 0, used = 0, entry = 0, ends = 0, till = tonumber(uses[i] or 0), stood = stood, key = stood,
    place = was > 0 and was or tonumber(places[i] or others[i]), tail = '', changed = false, moved = false, record = false, timed = false}
  if records[i] then
    k.held, k.entry, k.ends, k.used = struct.unpack('>dddd', records[i])
    k.tail = string.sub(records[i], 33) -- see lineage.lua
  end
  if was < 0 then
    k.held, k.used, k.entry, k.ends, k.till, k.stood, k.place = k.place, math.max(k.place, now - 1), -was, ttl - was, ttl - was
  end
  known[id] = k
  return k
end

-- A pass that nobody used for its idle time is over, and its seat is somebody else's.
local function inside(k) return k.entry > 0 and k.till > now end

-- Whether a pass is that of the ticket's record: its name ends with its entry.
local function made(k, ends) return k.entry > 0 and k.entry % 4294967296 == ends end

-- The seat of a ticket that shows a place, 0 for none; nil where it has none.
local function seat(k, shown)
  if k.used > 0 and k.used >= shown then
    if inside(k) then return ADMITTED, k.held, 0, k.entry, k.ends end
    if shown > 0 then return OVER, k.held, 0, 0, 0 end
  end
  if k.place then return k.place <= s.front and ISCALLED or WAITING, k.place, 0, 0, 0 end
end
