-- switch.lua sets the switch of a name.
--
-- KEYS  1 switches
-- ARGV  1 name  2 '1' for on, '0' for off  3 by whom  4 now, '' for the store's clock
-- Returns  the switch, as tally.lua reads it
local t = redis.call('TIME')
local now = tonumber(ARGV[4]) or t[1] * 1000000 + t[2]
local switch = string.format('%s %d %s', ARGV[2], now, ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], switch)
return switch
