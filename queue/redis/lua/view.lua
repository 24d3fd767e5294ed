-- view.lua reads a room, with the ranks for a rank map. It changes nothing.
--
-- KEYS  as state.lua
-- ARGV  1 places whose ranks are asked for, one string of doubles
--       2 ranks whose places are asked for, one string of doubles
--       3 how many tickets at the head  4 from where on passes revoked are read, as a bound of scores
--       5 now, '' for the store's clock       6 from where on persons taken over are read, likewise
-- Returns  epoch, now and how many wait, are called and inside as doubles with the state's numbers
--          and the opening's behind them, {name, value of what is set live …}, ranks, places, places at the head, {pass, when …},
--          {id of a person, since when …}
local LINE, STATE = KEYS[1], KEYS[5]
local t = redis.call('TIME')
local now = tonumber(ARGV[5]) or t[1] * 1000000 + t[2]
local live = redis.call('HMGET', STATE, 'rate', 'rate_by', 'rate_at', 'paused', 'paused_by', 'paused_at',
  'message', 'message_by', 'message_at', 'sold_out', 'sold_out_by', 'sold_out_at', 'numbers', 'epoch', 'opening')
local numbers, epoch = live[13] or string.rep('\0', 104), live[14] or ''
local opening = live[15] or string.rep('\0', 16)
local clock = struct.unpack('>d', numbers, 41) -- as state.lua has them
if clock - now <= 2000000 then now = math.max(now, clock) end -- as pace.lua
local function whole(n) return string.format('%d', n) end

local counts = struct.pack('>dddd', now, redis.call('ZCARD', LINE), redis.call('ZCARD', KEYS[2]),
  redis.call('ZCOUNT', KEYS[4], '(' .. whole(now), '+inf'))

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

for i = 1, 12 do live[i] = live[i] or '' end
live[13], live[14], live[15] = nil, nil, nil
return {epoch, counts .. numbers .. opening, live, ranks, places, head,
  redis.call('ZRANGEBYSCORE', KEYS[7], ARGV[4], '+inf', 'WITHSCORES', 'LIMIT', 0, 5000),
  redis.call('ZRANGEBYSCORE', KEYS[8], ARGV[6], '+inf', 'WITHSCORES', 'LIMIT', 0, 5000)}
