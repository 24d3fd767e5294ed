-- seats.lua stands behind pace.lua in the scripts that visitors cause.
--
-- An entered ticket's record is its place, entry and end as doubles; entry 0 is a
-- ticket that was given up. Active holds until when each is inside.
local function remember(id, place, entry, ends, till)
  redis.call('HSET', ENTERED, id, struct.pack('>ddd', place, entry, ends))
  redis.call('ZADD', ACTIVE, till, id)
end

-- What the store knows of ticket ids: their records, until when they are inside,
-- and their place in the line or among the called.
local function facts(ids)
  return redis.call('HMGET', ENTERED, unpack(ids)), redis.call('ZMSCORE', ACTIVE, unpack(ids)),
    redis.call('ZMSCORE', LINE, unpack(ids)), redis.call('ZMSCORE', CALLED, unpack(ids))
end

-- The seat that a record gives to a ticket that shows a place, 0 for none: nil
-- where the record does not say.
local function seated(rec, till, shown)
  if not rec then return end
  local place, entry, ends = struct.unpack('>ddd', rec)
  if shown > place then return end
  if entry > 0 and (tonumber(till or 0)) > now then return {ADMITTED, place, 0, entry, ends} end
  if shown > 0 then return {OVER, place, 0, 0, 0} end
end

-- Why nobody may enter now; nil where they may.
local function refused()
  if now < opens then return EARLY end
  if closes > 0 and now >= closes then return CLOSED end
  if s.sold_out == '1' then return SOLDOUT end
  if s.paused == '1' or s.interval == 0 then return PAUSED end
  if now < s.recover_until then return RECOVERING end
  if slot() > now + HORIZON then return ISCALLED end
  if most > 0 and redis.call('ZCOUNT', ACTIVE, '(' .. string.format('%.0f', now), '+inf') >= most then return FULL end
end

local entries = {}
local function enter(id, place)
  local entry = take()
  local ends = entry + ttl
  remember(id, place, entry, ends, ends)
  s.entries = s.entries + 1
  entries[#entries + 1] = struct.pack('>c0dd', id, place, entry)
  return {ADMITTED, place, 0, entry, ends}
end

-- Puts a ticket that the store has forgotten back at the place it shows.
local function put_back(id, place)
  redis.call('ZADD', place > s.front and LINE or CALLED, 'NX', place, id)
  if not (ARGV[17] == '1' and place < opens) then s.last = math.max(s.last, place) end
  return place
end

local function answer(seats)
  local out = head()
  for _, seat in ipairs(seats) do
    for i = 1, 6 do out[#out + 1] = seat[i] or -1 end
  end
  return out
end
