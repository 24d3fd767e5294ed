-- hold.lua gives a person to the device on which they were verified, or tells which one holds
-- them, as queue.Holder, line by line. Asking again gives the same answer.
--
-- KEYS  9 the state  10 the invitation  11.. the person, under each id
-- ARGV  7 ids, newest first  8 device  9 state, '' is none  10 invitation, '' is none
--       11 family, lock, keep, end of the invitation, how long a state is kept, as doubles
-- Returns  the head, then outcome, since, until, family, 1 where taken over, and 1 where it is
--          told to all as doubles, and the id
local TAKEN, FORM = KEYS[8], '>c12c16c16BBddd'
local HERE, ELSEWHERE, USED, SPENT = 1, 0, 2, 3
local device, state, code = ARGV[OWN + 1], ARGV[OWN + 2], ARGV[OWN + 3]
local family, lock, keep, ending, kept = struct.unpack('>ddddd', ARGV[OWN + 4])
local id = string.sub(ARGV[OWN], 1, 12)
local h = {since = 0, ends = 0}

-- A person known under several ids: what was written last counts, by whatever gateway.
for i = 11, #KEYS do
  local v = redis.call('GET', KEYS[i])
  local r = {ends = 0}
  if v then r.id, r.device, r.state, r.family, r.took, r.since, r.till, r.ends = struct.unpack(FORM, v) end
  if v and r.since >= h.since then h = r end
end
local held = now < h.ends
if held then id = h.id end

local function put(key, value, till) redis.call('SET', key, value, 'PX', whole(math.max(0, (till - now) / 1000) + 600000)) end
local function answer(outcome, told)
  local out = head()
  out[3] = struct.pack('>dddddd', outcome, h.since or 0, h.till or 0, h.family or 0, h.took or 0, told or 0)
  out[4] = id
  return out
end

local function other(key, value, all) local v = redis.call('GET', key) return v and v ~= value and not string.find(all or '', v, 1, true) end
if state ~= '' and other(KEYS[9], device .. id) then return answer(USED) end
if code ~= '' and other(KEYS[10], id, ARGV[OWN]) then return answer(SPENT) end
if state ~= '' then put(KEYS[9], device .. id, now + kept) end
if code ~= '' then put(KEYS[10], id, ending) end
if held and h.device ~= device and now < h.till then return answer(ELSEWHERE) end
if held and h.device == device and state ~= '' and h.state == state then
  return answer(HERE, tonumber(redis.call('ZSCORE', TAKEN, id) or -1) == h.since and 1 or 0)
end

local since = math.max(now, tonumber(redis.call('ZSCORE', TAKEN, id) or 0) + 1, h.since + 1)
local took, at = held and h.device ~= device, redis.call('HMGET', STATE, 'began', 'lost_at')
local began, gone = tonumber(s.noted.began or at[1] or 0), tonumber(s.noted.lost_at or at[2] or 0)
local left = hold + ttl + MINUTE
local tell = took or not held and (now < began + left or gone > 0 and now < gone + keep + left)
if tell then -- rising, so that gateways read on from the last; above all that was told before a loss
  since = math.max(since, took and 0 or seen_at + 1, tonumber(redis.call('ZRANGE', TAKEN, -1, -1, 'WITHSCORES')[2] or 0) + 1)
  redis.call('ZREMRANGEBYSCORE', TAKEN, '-inf', whole(now - keep - left))
  redis.call('ZADD', TAKEN, whole(since), id)
end
local stays = held and not took and now + lock <= h.ends
h = {since = stays and h.since or since, till = now + lock, ends = stays and h.ends or since + keep, family = family, took = took and 1 or 0}
local text = struct.pack(FORM, id, device, state == '' and string.rep('\0', 16) or state, family, h.took, h.since, h.till, h.ends)
for i = 11, #KEYS do put(KEYS[i], text, h.ends) end
if took then record('hold', struct.pack('>c0dd', id, 0, 0), '', 'since=' .. whole(since)) end
return answer(HERE, tell and 1 or 0)
