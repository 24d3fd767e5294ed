-- save.lua stands behind begin.lua in the scripts about tickets: how a ticket changes,
-- as seats.lua has it. Nothing is written before save, which a script calls at its end:
-- one command for all tickets costs a third of one for each.
local changed, left, kept, used = {}, {}, {}, {} -- tickets; and what is written of others

local function change(k)
  if not k.changed then k.changed, changed[#changed + 1] = true, k end
end

local function extend(k, till)
  if most > 0 then count = active() + (till > now and 1 or 0) - (k.till > now and 1 or 0) end
  k.till, k.timed = till, true
  change(k)
end

local function remember(k, place, entry, ends, till, used)
  if entry ~= k.entry then k.tail = '' end -- its lineage, which is of one pass
  k.held, k.entry, k.ends, k.used, k.record = place, entry, ends, math.max(place, used or now - 1), true
  if till then extend(k, till) end
  change(k)
end

local function stand(k, place)
  k.place, k.key, k.moved = place, place > s.front and LINE or CALLED, true
  change(k)
end

local function drop(k)
  k.place = nil
  change(k)
end

local function note(id, ...) kept[#kept + 1], kept[#kept + 2] = id, struct.pack('>dddd', ...) end

local function use(id, till) used[#used + 1], used[#used + 2] = whole(till), id end

local function write(command, key, list)
  if list and list[1] then redis.call(command, key, unpack(list)) end
end

-- What frees memory goes first: then Redis lets a script go on where it is full.
local function save()
  local gone, come = {[CALLED] = left}, {}
  if changed[1] then gone[LINE], come[LINE], come[CALLED] = {}, {}, {} end
  for _, k in ipairs(changed) do
    local key = k.place and k.key
    local from, to = k.stood and k.stood ~= key and gone[k.stood], k.moved and come[key]
    if from then from[#from + 1] = k.id end
    if to then to[#to + 1], to[#to + 2] = whole(k.place), k.id end
    if k.record then kept[#kept + 1], kept[#kept + 2] = k.id, struct.pack('>dddd', k.held, k.entry, k.ends, k.used) .. k.tail end
    if k.timed then use(k.id, k.till) end
  end
  write('ZREM', LINE, gone[LINE])
  write('ZREM', CALLED, gone[CALLED])
  write('ZADD', LINE, come[LINE])
  write('ZADD', CALLED, come[CALLED])
  write('HSET', ENTERED, kept)
  write('ZADD', ACTIVE, used)
end
