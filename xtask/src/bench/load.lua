-- One pattern of requests, read from the environment. In the path and the body %NEW% is a text that never comes again,
-- %TURN% a number that goes round, %TOKEN% a line of BENCH_TOKENS in turn.
local method = os.getenv("BENCH_METHOD")
local path = os.getenv("BENCH_PATH")
local body = os.getenv("BENCH_BODY")
local prefix = os.getenv("BENCH_PREFIX")
local turns = tonumber(os.getenv("BENCH_TURNS"))
local expected = os.getenv("BENCH_EXPECTED")
local tokens = {}
local count = 0
wrong = 0

local threads = {}
function setup(thread) table.insert(threads, thread) end

function init()
  local headers = {
    ["Authorization"] = "BENCH_AUTHORIZATION", ["Content-Type"] = "BENCH_CONTENT_TYPE", ["Connection"] = "BENCH_CONNECTION",
  }
  for name, variable in pairs(headers) do
    if os.getenv(variable) then wrk.headers[name] = os.getenv(variable) end
  end
  if os.getenv("BENCH_TOKENS") then
    for line in io.lines(os.getenv("BENCH_TOKENS")) do table.insert(tokens, line) end
  end
  if not (path .. (body or "")):find("%%%u+%%") then
    -- The same request again and again is spelled once, so that the load itself costs little.
    local same = wrk.format(method, path, nil, body)
    request = function() return same end
  end
  -- Looking into bodies makes wrk slower; it is asked to in the unmeasured run alone.
  if expected then
    response = function(_, _, answer)
      if not answer:find(expected, 1, true) then wrong = wrong + 1 end
    end
  end
end

function request()
  count = count + 1
  local words = { NEW = prefix .. count, TURN = tostring(count % turns), TOKEN = tokens[count % math.max(#tokens, 1) + 1] }
  local filled = body and body:gsub("%%(%u+)%%", words)
  return wrk.format(method, path:gsub("%%(%u+)%%", words), nil, filled)
end

function done(summary, latency)
  local unexpected = 0
  for _, thread in ipairs(threads) do unexpected = unexpected + (thread:get("wrong") or 0) end
  local errors = summary.errors
  io.write(string.format(
    "\nMEASURED %d %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9), summary.bytes,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status + unexpected
  ))
end
