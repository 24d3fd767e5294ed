-- lineage.lua stands behind seats.lua in touch.lua: the generations of a pass, as in
-- queue.Lineage, line by line. A difference between the two is a defect; a test runs them
-- side by side.
--
-- What is known of them ends the pass's record: generation, parent, floor, since, before,
-- and 1 where a fork without a key was told.
local GRACE, KNOWN = 15000000, '>I4I4I4ddB'
local floors, forks = {}, {}

local function keep(k, ...)
  k.tail, k.record = struct.pack(KNOWN, ...), true
  change(k)
end

-- Notes a fork for the journal; with a floor also for the gates.
local function fork(k, floor)
  forks[#forks + 1] = {struct.pack('>c0dd', k.id, k.held, k.entry), floor and 'floor=' .. whole(floor) or 'no key'}
  if floor then floors[#floors + 1] = k.id .. struct.pack('>I4I4', k.entry % 4294967296, floor) end
end

-- What becomes of a report that shows a second lineage.
local function forked(k, n, p, keyed, g, parent, floor, since, before, told)
  if keyed then
    floor = math.max(g, n) + 2 -- one generation above the newest may have been given already
    keep(k, floor - 1, 0, floor, now, now, told)
    return fork(k, floor)
  end
  if told == 0 then fork(k) end
  if n >= g then return keep(k, n, p, floor, now, now, 1) end
  if told == 0 then keep(k, g, parent, floor, since, before, 1) end
end

-- Takes the report of generation n, with the tags of its parent and of the one before.
local function see(k, n, p, q, keyed)
  local g, parent, floor, since, before, told = 0, 0, 0, 0, 0, 0
  if k.tail ~= '' then g, parent, floor, since, before, told = struct.unpack(KNOWN, k.tail) end
  if n < floor then return end
  if since == 0 or n > g + 1 then return keep(k, n, p, floor, now, now, told) end
  if n == g + 1 and q == parent then return keep(k, n, p, floor, now, since, told) end
  if n == g and p == parent then return end
  if n < g and (n == g - 1 or before == since) and now - since <= GRACE then return end
  forked(k, n, p, keyed, g, parent, floor, since, before, told)
end

-- Tells gates and journal, after save. The times rise, so that gateways read on from the
-- last; see finish.lua.
local function told()
  if not forks[1] then return end
  local last = tonumber(redis.call('ZRANGE', REVOKED, -1, -1, 'WITHSCORES')[2] or 0)
  for i, member in ipairs(floors) do redis.call('ZADD', REVOKED, whole(math.max(now, last + 1) + i - 1), member) end
  for _, f in ipairs(forks) do record('fork', f[1], '', f[2]) end
end
