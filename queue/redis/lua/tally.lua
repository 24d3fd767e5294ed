-- tally.lua adds what a gateway counted to the slot that is on, keeps its notes on slots that are over, and reads
-- those. Counts are not idempotent: a trip whose answer was lost is not made again.
--
-- KEYS  1 switches; slots are kept beside it, a hash for each name and slot, until nobody reads them any more
-- ARGV  1 length of a slot in microseconds  2 the last slot that was read  3 how many are kept  4 counts of a name
--       5 now, '' for the store's clock, and then five for each name:
--       name, counts as doubles, slot with a note, the note, the switch as it was read ('' for never set)
-- Returns  now as a double, and for each name its switch ('' for never set), and the slots that are over as one string
--          of doubles: number, note, counts
local t = redis.call('TIME')
local now = tonumber(ARGV[5]) or t[1] * 1000000 + t[2]
local length, kept, width = tonumber(ARGV[1]), tonumber(ARGV[3]), tonumber(ARGV[4])
local slot = math.floor(now / length)
local first = math.max(tonumber(ARGV[2]) + 1, slot - kept)
if first > slot then first = slot - kept end -- the clock went back
local lasts = math.ceil((kept + 2) * length / 1000000)
local fields, answer = {'note'}, {struct.pack('>d', now)}
for i = 1, width do fields[i + 1] = i - 1 end

local function key(name, n) return string.format('%s:%s:%d', KEYS[1], name, n) end

local function add(name, counts)
  local at = key(name, slot)
  for i = 1, width do
    local n = struct.unpack('>d', counts, 8 * i - 7)
    if n ~= 0 then redis.call('HINCRBY', at, i - 1, string.format('%d', n)) end
  end
  redis.call('EXPIRE', at, lasts)
end

local function read(name)
  local slots = {}
  for n = first, slot - 1 do
    local found = redis.call('HMGET', key(name, n), unpack(fields))
    local packed, any = {struct.pack('>d', n)}, false
    for i = 1, width + 1 do
      any = any or found[i]
      packed[i + 1] = struct.pack('>d', tonumber(found[i] or 0))
    end
    if any then slots[#slots + 1] = table.concat(packed) end
  end
  return table.concat(slots)
end

for i = 6, #ARGV, 5 do
  local name, noted, switch = ARGV[i], tonumber(ARGV[i + 2]), ARGV[i + 4]
  add(name, ARGV[i + 1])
  if noted > slot - kept and noted < slot then
    redis.call('HSETNX', key(name, noted), 'note', ARGV[i + 3])
    redis.call('EXPIRE', key(name, noted), lasts)
  end
  if switch ~= '' then redis.call('HSETNX', KEYS[1], name, switch) end
  answer[#answer + 1] = redis.call('HGET', KEYS[1], name) or ''
  answer[#answer + 1] = read(name)
end
return answer
