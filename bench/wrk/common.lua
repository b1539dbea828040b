-- What all scripts share: counting unexpected answers and printing one line of JSON at the end.
--
-- BENCH_STATUS is the one status that counts as right (201 for a stored report, 200 for a page, 304 for
-- an unchanged one). Anything else, a redirect or a retry's 200 included, is counted as unexpected.

local threads = {}
local expected = tonumber(os.getenv("BENCH_STATUS") or "200")

unexpected = 0 -- global, so that done() can read it out of each thread
first_unexpected = 0

function setup(thread)
  thread:set("thread_number", #threads)
  table.insert(threads, thread)
end

function response(status)
  if status ~= expected then
    unexpected = unexpected + 1
    if first_unexpected == 0 then first_unexpected = status end
  end
end

-- The rate in requests per second; `latencies` are pairs of microseconds and how many answers took so long.
function done(summary, latency)
  local wrong, example = 0, 0
  for _, thread in ipairs(threads) do
    wrong = wrong + thread:get("unexpected")
    if example == 0 then example = thread:get("first_unexpected") end
  end
  local latencies = {}
  for place = 1, #latency do
    local microseconds, count = latency(place)
    latencies[place] = string.format("[%d,%d]", microseconds, count)
  end
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"seconds":%.6f,"rate":%.3f,"latencies":[%s],'
      .. '"unexpected":%d,"unexpected_status":%d,"socket_errors":%d}\n',
    summary.requests, summary.duration / 1e6, summary.requests / (summary.duration / 1e6),
    table.concat(latencies, ","),
    wrong, example, errors.connect + errors.read + errors.write + errors.timeout))
end
