-- seats.lua stands behind begin.lua in the scripts about tickets.
--
-- A ticket is a table: where it stands (place, in the set key), and its record: what
-- entered or was given up (held, entry, ends; entry 0 is over), and up to which place
-- its id's tickets are used by that (used): all that were given or stamped until then.
-- Active holds until when each is in use (till); minus since when it is over.
local function tickets(from, step)
  local ids, known = {}, {}
  for i = from, #ARGV, step do ids[#ids + 1] = string.sub(ARGV[i], 1, 12) end
  local recs, tills = redis.call('HMGET', ENTERED, unpack(ids)), redis.call('ZMSCORE', ACTIVE, unpack(ids))
  local line, called = redis.call('ZMSCORE', LINE, unpack(ids)), redis.call('ZMSCORE', CALLED, unpack(ids))
  for i, id in ipairs(ids) do
    local k = {id = id, held = 0, used = 0, entry = 0, ends = 0, place = tonumber(line[i] or called[i])}
    k.key, k.till = line[i] and LINE or CALLED, tonumber(tills[i] or 0)
    if recs[i] then k.held, k.entry, k.ends, k.used = struct.unpack('>dddd', recs[i]) end
    known[id] = known[id] or k
  end
  return ids, known
end

local function remember(k, place, entry, ends, till, used)
  k.held, k.entry, k.ends, k.till = place, entry, ends, till or k.till
  k.used = math.max(place, used or now - 1)
  redis.call('HSET', ENTERED, k.id, struct.pack('>dddd', place, entry, ends, k.used))
  if till then redis.call('ZADD', ACTIVE, till, k.id) end
end

local function stand(k, place)
  k.place, k.key = place, place > s.front and LINE or CALLED
  redis.call('ZADD', k.key, place, k.id)
end

local function drop(k)
  if k.place then redis.call('ZREM', k.key, k.id) end
  k.place = nil
end

-- A pass that nobody used for its idle time is over, and its seat is somebody else's.
local function inside(k) return k.entry > 0 and k.till > now end

-- Whether a pass is that of the ticket's record: its name ends with its entry.
local function made(k, pass) return k.entry > 0 and k.entry % 4294967296 == struct.unpack('>I4', pass, 13) end

-- What the gateway remembers counts where the store has forgotten it.
local function remind(k, packed)
  if packed == '' then return end
  local place, entry, ends, told = struct.unpack('>dddd', packed)
  if place <= k.used then return end
  if k.place and k.place <= place then drop(k) end
  remember(k, place, entry, ends, entry > 0 and ends or -now, told - 1)
end

-- The seat of a ticket that shows a place, 0 for none; nil where it has none.
local function seat(k, shown)
  if k.used > 0 and k.used >= shown then
    if inside(k) then return {ADMITTED, k.held, 0, k.entry, k.ends} end
    if shown > 0 then return {OVER, k.held, 0, 0, 0} end
  end
  if k.place then return {k.place <= s.front and ISCALLED or WAITING, k.place, 0, 0, 0} end
end
