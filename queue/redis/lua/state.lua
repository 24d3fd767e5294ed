-- state.lua stands before every script: what they share. Not a script by itself.
--
-- KEYS  1 line  2 called  3 entered  4 active  5 state  6 journal  7 revoked
-- ARGV  1 now, '' for the store's clock        2 epoch to begin with, where there is none
--       3 epoch that the gateway knows, ''     4 longest poll that it has told anybody
--       5..9 what it saw last: clock, due, interval, front, last
--       10 burst  11 opens at  12 closes at  13 hold  14 pass ttl  15 max active
--       16 interval of the file's rate  17 '1' where places are drawn  18 the gateway's name
--       19.. the script's own
local LINE, CALLED, ENTERED, ACTIVE, STATE, JOURNAL, REVOKED =
  KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local OWN, BOUND, MINUTE = 19, 1000, 60000000
local WAITING, ISCALLED, ADMITTED, OVER, FULL, EARLY, CLOSED, PAUSED, RECOVERING, SOLDOUT = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
local arg = {}
for i = 4, 16 do arg[i] = tonumber(ARGV[i]) end
local burst, opens, closes, hold, ttl, most = arg[10], arg[11], arg[12], arg[13], arg[14], arg[15]
local function whole(n) return string.format('%d', n) end

local now = tonumber(ARGV[1])
if not now then
  local t = redis.call('TIME')
  now = t[1] * 1000000 + t[2]
end

local s = {}
local names = {'last', 'front', 'due', 'interval', 'ratio', 'clock', 'spare', 'spare_interval', 'arrivals', 'calls',
  'entries', 'recover_until', 'epoch', 'recovered', 'cohorts', 'gates', 'paused', 'sold_out'}
local forms = {'%d', '%d', '%.2f', '%.2f', '%.17g', '%d', '%.2f', '%.2f', '%d', '%d', '%d', '%d'}
local values = redis.call('HMGET', STATE, unpack(names))
for i, name in ipairs(names) do s[name] = i <= 12 and tonumber(values[i] or 0) or values[i] end
local gates = s.gates and cmsgpack.unpack(s.gates) or {} -- gateway → the clock that its last answer told
local lost = 0 -- since when the store has forgotten what it had answered to this gateway; 0 is nothing

local function record(kind, tickets, by, detail)
  redis.call('XADD', JOURNAL, 'MAXLEN', '~', 1000000, '*', 't', whole(now), 'k', kind,
    'd', tickets or '', 'by', by or '', 'w', detail or '')
end

-- Ends a script: saves the state, and returns the head of its answer, which the
-- gateway brings back as ARGV 3 and 5 to 9.
local function head()
  gates[ARGV[18]] = now
  for name, at in pairs(gates) do
    if now - at > 60 * MINUTE then gates[name] = nil end
  end
  s.gates, s.recovered = cmsgpack.pack(gates), s.recovered or '0'
  if s.opened or not s.cohorts then s.cohorts = cmsgpack.pack(s.opened or {}) end
  local flat = {}
  for i = 1, 16 do
    local v, was = s[names[i]], values[i]
    if not was or v ~= (i <= 12 and tonumber(was) or was) then
      flat[#flat + 1], flat[#flat + 2] = names[i], forms[i] and string.format(forms[i], v) or v
    end
  end
  if #flat > 0 then redis.call('HSET', STATE, unpack(flat)) end
  return {s.epoch, now, string.format('%.2f', s.due), string.format('%.2f', s.interval), s.front, s.last, lost}
end
