-- state.lua stands before every script: what they share. Not a script by itself.
--
-- KEYS  1 line  2 called  3 entered  4 active  5 state  6 journal  7 revoked  8 taken
-- ARGV  1 now, '' for the store's clock        2 epoch to begin with, where there is none
--       3 epoch that the gateway knows, ''     4 the gateway's name
--       5 longest poll that it has told anybody, then what it saw last: clock, due, interval, front, last, opening, entries in it
--       6 burst, opens at, closes at, hold, pass ttl, max active, interval of the file's rate, 1 where places are drawn, quota
--       7.. the script's own
--
-- Numbers go together, as doubles in one string: each value of its own, here, in the state or
-- in an answer, costs half a microsecond. The state's are in the order of head, as view.lua has them.
local LINE, CALLED, ENTERED, ACTIVE, STATE, JOURNAL, REVOKED = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local OWN, BOUND, MINUTE = 7, 1000, 60000000
local WAITING, ISCALLED, ADMITTED, OVER, FULL, EARLY, CLOSED, PAUSED, RECOVERING, SOLDOUT = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
local poll, seen_at, seen_due, seen_interval, seen_front, seen_last, seen_opening, seen_sold = struct.unpack('>dddddddd', ARGV[5])
local burst, opens, closes, hold, ttl, most, file_interval, draw, quota = struct.unpack('>ddddddddd', ARGV[6])
local function whole(n) return string.format('%d', n) end

local now = tonumber(ARGV[1])
if not now then
  local t = redis.call('TIME'); now = t[1] * 1000000 + t[2]
end

-- The field of a gateway holds the clock of its last answer, or one up to 2 s later that it has seen.
local NUMBERS, GATE = '>ddddddddddddd', 'gate:' .. ARGV[4]
local values = redis.call('HMGET', STATE, 'numbers', 'epoch', 'cohorts', 'paused', 'sold_out', GATE, 'opening')
local s = {epoch = values[1] and values[2], cohorts = values[1] and values[3] or '', paused = values[4], sold_out = values[5],
  opened = false, last = 0, front = 0, due = 0, interval = 0, ratio = 0, clock = 0, spare = 0, spare_interval = 0,
  arrivals = 0, calls = 0, entries = 0, recover_until = 0, recovered = 0, opening = 0, base = 0, noted = {}}
if values[1] then
  s.last, s.front, s.due, s.interval, s.ratio, s.clock, s.spare, s.spare_interval, s.arrivals, s.calls, s.entries, s.recover_until,
    s.recovered = struct.unpack(NUMBERS, values[1])
end
-- Lost is since when the store has forgotten what it had answered to this gateway; 0 is nothing.
local told, lost = values[6] and struct.unpack('>d', values[6]) or 0, 0

local function record(kind, tickets, by, detail)
  redis.call('XADD', JOURNAL, 'MAXLEN', '~', 1000000, '*', 't', whole(now), 'k', kind,
    'd', tickets or '', 'by', by or '', 'w', detail or '')
end

-- Records tickets: of each id, place and entry, one behind the other.
local function recorded(kind, list, detail)
  if list[1] then record(kind, struct.pack('>' .. string.rep('c12dd', #list / 3), unpack(list)), '', detail) end
end

-- Ends a script: saves the state, and returns the head of its answer: the epoch, and
-- clock, due, interval, front, last, opening and entries in it, which the gateway brings back, with what is lost.
local function head()
  local heard = math.max(told, seen_at)
  local flat = {'numbers', struct.pack(NUMBERS, s.last, s.front, s.due, s.interval, s.ratio, s.clock, s.spare, s.spare_interval,
    s.arrivals, s.calls, s.entries, s.recover_until, s.recovered), GATE, struct.pack('>d', heard <= now + 2000000 and math.max(now, heard) or now)}
  if s.epoch ~= values[2] then flat[5], flat[6] = 'epoch', s.epoch end
  if s.opened then
    flat[#flat + 1], flat[#flat + 2] = 'cohorts', struct.pack('>' .. string.rep('d', #s.opened), unpack(s.opened))
  end
  for name, at in pairs(s.noted) do flat[#flat + 1], flat[#flat + 2] = name, at end
  redis.call('HSET', STATE, unpack(flat))
  return {s.epoch, struct.pack('>dddddddd', now, s.due, s.interval, s.front, s.last, s.opening, s.entries - s.base, lost)}
end
