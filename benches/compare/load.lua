-- wrk's side: the sum as one line of JSON (units: requests, bytes, microseconds), and, if
-- COMPARE_REQUESTS names a file of requests, those in turn in place of the one of the command line.
-- The file: blocks of lines "path", "name: value"…, and an empty line.

local function read_requests(name)
  local requests, path, headers = {}, nil, {}
  for line in io.lines(name) do
    if line == "" then
      requests[#requests + 1] = wrk.format("GET", path, headers)
      path, headers = nil, {}
    elseif path == nil then
      path = line
    else
      local key, value = line:match("^([^:]+): (.*)$")
      headers[key] = value
    end
  end
  return requests
end

-- Defined only where a list is wanted: without `request` wrk sends one prepared request and calls no
-- Lua. So the list cannot be an argument, which is known too late.
local list = os.getenv("COMPARE_REQUESTS")
if list then
  local requests, last = nil, 0

  function init(args)
    requests = read_requests(list)
  end

  function request()
    last = last % #requests + 1
    return requests[last]
  end
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '{"requests":%d,"bytes":%.0f,"microseconds":%d,"p50":%d,"p99":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"status":%d}\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect, e.read, e.write, e.timeout, e.status))
end
