-- view.lua reads a room, with the ranks for a rank map. It changes nothing.
--
-- KEYS  as state.lua
-- ARGV  1 places whose ranks are asked for, one string of doubles
--       2 ranks whose places are asked for, one string of doubles
--       3 how many tickets at the head  4 from where on passes revoked are read, as a bound of scores
--       5 now, '' for the store's clock
-- Returns  {now, epoch, last, front, due, interval, ratio, recover_until, waiting, called, active, arrivals, calls,
--          entries}, {name, value of what is set live …}, ranks, places, places at the head, {pass, when …}
local LINE, STATE = KEYS[1], KEYS[5]
local t = redis.call('TIME')
local now = tonumber(ARGV[5]) or t[1] * 1000000 + t[2]
local clock = tonumber(redis.call('HGET', STATE, 'clock') or 0)
if clock - now <= 2000000 then now = math.max(now, clock) end -- as pace.lua
local function whole(n) return string.format('%d', n) end

local numbers = redis.call('HMGET', STATE, 'epoch', 'last', 'front', 'due', 'interval', 'ratio', 'recover_until')
table.insert(numbers, 1, whole(now))
numbers[9] = redis.call('ZCARD', LINE)
numbers[10] = redis.call('ZCARD', KEYS[2])
numbers[11] = redis.call('ZCOUNT', KEYS[4], '(' .. whole(now), '+inf')
local counts = redis.call('HMGET', STATE, 'arrivals', 'calls', 'entries')
for i = 1, 3 do numbers[11 + i] = counts[i] end

local live = redis.call('HMGET', STATE, 'rate', 'rate_by', 'rate_at', 'paused', 'paused_by', 'paused_at',
  'message', 'message_by', 'message_at', 'sold_out', 'sold_out_by', 'sold_out_at')

local ranks, places, head = {}, {}, {}
for i = 1, #ARGV[1], 8 do
  ranks[#ranks + 1] = redis.call('ZCOUNT', LINE, '-inf', '(' .. whole(struct.unpack('>d', ARGV[1], i)))
end
for i = 1, #ARGV[2], 8 do
  local rank = struct.unpack('>d', ARGV[2], i)
  places[#places + 1] = redis.call('ZRANGE', LINE, rank, rank, 'WITHSCORES')[2] or '0'
end
local first = redis.call('ZRANGE', LINE, 0, ARGV[3] - 1, 'WITHSCORES')
for i = 2, #first, 2 do head[#head + 1] = first[i] end

for i = 1, 14 do numbers[i] = tostring(numbers[i] or '') end
for i = 1, 12 do live[i] = live[i] or '' end
return {numbers, live, ranks, places, head,
  redis.call('ZRANGEBYSCORE', KEYS[7], ARGV[4], '+inf', 'WITHSCORES', 'LIMIT', 0, 5000)}
