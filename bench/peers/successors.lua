-- Visitors with cookies of their own, for wrk, who keep what the gateway gives them, as browsers
-- do: each request is the next visitor's, in turn, and a new generation of a pass takes the place
-- of the one before. The argument is a file with one visitor's cookies a line; it is written anew
-- at the end, for the next run.
local requests, visitor, n, threads = {}, {}, 0, {}
lines, taken = {}, 0

local function form(i)
  local fields = {}
  for name, value in pairs(wrk.headers) do fields[name] = value end
  fields["Cookie"] = lines[i]
  requests[i] = wrk.format(nil, nil, fields)
end

-- The claims of a pass begin with issuer and room, which are the same in all, and with the pass's
-- identity, which is the same in all generations of it: 80 characters hold most of it.
local function identity(pass) return pass:match("^[^.]+%.([^.]+)"):sub(1, 80) end

function setup(thread) threads[#threads + 1] = thread end

function init(args)
  file = args[1]
  for line in io.lines(file) do
    local i = #lines + 1
    lines[i] = line
    visitor[identity(line:match("waitroom%-pass%-[^=]*=([^;]*)"))] = i
    form(i)
  end
end

function request()
  n = n % #requests + 1
  return requests[n]
end

function response(status, headers, body)
  local given = headers["Set-Cookie"]
  if not given then return end
  local pass = given:match("waitroom%-pass%-[^=]*=([^;]*)")
  local i = visitor[identity(pass)]
  lines[i] = lines[i]:gsub("(waitroom%-pass%-[^=]*=)[^;]*", "%1" .. pass)
  form(i)
  taken = taken + 1
end

function done()
  for _, thread in ipairs(threads) do
    print("Successors taken: " .. thread:get("taken"))
    local out = assert(io.open(thread:get("file"), "w"))
    out:write(table.concat(thread:get("lines"), "\n"), "\n")
    out:close()
  end
end
