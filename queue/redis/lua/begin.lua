-- begin.lua stands behind cohorts.lua: it begins a state where there is none, and
-- brings a store that has forgotten something up to what the gateway saw of it.

-- While the room recovers it calls nobody, until all who wait have come by. Once in a
-- state: who comes later is only put back.
local function recover()
  if s.recovered ~= 1 then s.recovered, s.recover_until, s.noted.lost_at = 1, now + poll, whole(now) end
end

if not s.epoch then
  s.epoch, s.due, s.ratio, s.noted.began = ARGV[2], now, 0.9, whole(now)
  record('epoch', '', '', s.epoch)
end
if ARGV[3] ~= '' and ARGV[3] ~= s.epoch then recover() end

-- A store that knows an older answer to this gateway than the gateway got has lost its
-- last writes, as after a failover; one that knows none has lost all.
if told < seen_at then lost, s.noted.lost_at = math.max(1, told), whole(now) end

-- The rate's slots were used up to the due that was seen. With another interval that
-- says nothing, unless the change of rate is among what was lost.
if now < seen_at - STEP then seen_due = seen_due - (seen_at - now) end
if lost > 0 and seen_interval > 0 then retime(seen_interval) end
-- At a rate of 0 what had been earned is forgotten with the rest: then it was nothing, and
-- the next entry is a whole interval away.
if lost > 0 and seen_interval == 0 and s.spare_interval == 0 and s.interval == 0 then
  s.spare, s.spare_interval, s.due = 1, 1, math.max(s.due, seen_due)
end
if seen_interval > 0 and s.interval == seen_interval then s.due = math.max(s.due, seen_due) end
s.front, s.last = math.max(s.front, seen_front), math.max(s.last, seen_last)

-- The entries of an opening are those above the base; a gateway that stays behind begins none anew.
if values[1] and values[7] then s.opening, s.base = struct.unpack('>dd', values[7]) end
local function counts(opening, base)
  s.opening, s.base, s.noted.opening = opening, base, struct.pack('>dd', opening, base)
end
if opens > s.opening and now >= opens then counts(opens, s.entries) end
if seen_opening == s.opening and s.entries - seen_sold < s.base then counts(s.opening, s.entries - seen_sold) end
