-- Visitors with cookies of their own, for wrk. The argument is a file with one visitor's
-- cookies a line; each request is the next visitor's, in turn.
local requests, n = {}, 0

function init(args)
  for cookies in io.lines(args[1]) do
    local fields = {}
    for name, value in pairs(wrk.headers) do fields[name] = value end
    fields["Cookie"] = cookies
    requests[#requests + 1] = wrk.format(nil, nil, fields)
  end
end

function request()
  n = n % #requests + 1
  return requests[n]
end
