-- Reports to send: 64 bodies of one length and varied words, each cut where a request's own parts go.
--
-- BENCH_RUN is 8 hex digits, fresh for every run of wrk. With the thread's number (below 256) and a count
-- they make a clientId that no other request of any run has.

local M = {}

local WORDS = {
  "button", "coupon", "checkout", "screen", "report", "invoice", "dialog", "export", "filter", "search",
  "upload", "avatar", "profile", "window", "cursor", "scroll", "keyboard", "network", "session", "calendar",
  "language", "contrast", "sidebar", "preview", "download", "payment", "address", "template", "shortcut",
  "toolbar", "does", "not", "open", "when", "after", "before", "every", "second", "time", "slow", "wrong",
  "missing", "twice", "cannot", "find", "the", "a", "on", "my", "phone", "tablet", "laptop", "again", "with",
  "without", "a", "click", "and", "then", "nothing", "happens", "please", "look", "thanks",
}
local SHAPES = 64
local TEXT_LENGTH = 180

-- Where a body is cut. Neither text can come out of WORDS.
M.CLIENT_ID = "@@CLIENT@@"
M.COUNT = "@@COUNT@@"

local function words(length)
  local text = ""
  while #text < length do text = text .. WORDS[math.random(#WORDS)] .. " " end
  return text:sub(1, length - 1) .. "."
end

local function replace(text, mark, value)
  local from, to = text:find(mark, 1, true)
  if not from then return text end
  return text:sub(1, from - 1) .. value .. text:sub(to + 1)
end

local function split(text, mark)
  local from, to = text:find(mark, 1, true)
  if not from then return text, nil end
  return text:sub(1, from - 1), text:sub(to + 1)
end

-- Return a function that makes what a clientId has before its count.
local function client_id_starts(run, tail)
  local format, random, time = string.format, math.random, os.time
  if os.getenv("BENCH_CLIENT_IDS") == "random" then
    local middle = "-" .. run:sub(1, 4) .. "-4" .. tail
    return function() return format("%08x", random(0, 4294967295)) .. middle end
  end
  return function()
    local second = time()
    return format("%08x-%04x-7", math.floor(second * 1000 / 65536) % 4294967296, second * 1000 % 65536) .. tail
  end
end

-- Return a request() for POSTs to wrk's path, with `headers` and a body from `shape(text)`. The body may
-- hold CLIENT_ID (36 characters when sent) and must hold COUNT (12 characters when sent) after it.
-- BENCH_CLIENT_IDS is "time", for UUIDs of version 7, as Backroom's widget makes them, or "random", for
-- version 4, each of which touches another page of the store's index.
function M.requests(headers, shape)
  local run = os.getenv("BENCH_RUN") or string.format("%08x", os.time())
  math.randomseed(tonumber(run, 16) % 2147483647)
  local tail = string.format("%s-8%s%02x-", run:sub(5, 7), run:sub(8, 8), thread_number)
  local next_start = client_id_starts(run, tail)
  local starts, middles, ends = {}, {}, {}
  for i = 1, SHAPES do
    local body = shape(words(TEXT_LENGTH))
    local sent = replace(replace(body, M.CLIENT_ID, string.rep("0", 36)), M.COUNT, string.rep("0", 12))
    local whole = replace(wrk.format("POST", nil, headers, sent), sent, body)
    local start, rest = split(whole, M.CLIENT_ID)
    if rest then
      starts[i] = start
      middles[i], ends[i] = split(rest, M.COUNT)
    else
      starts[i], middles[i] = split(whole, M.COUNT)
    end
  end
  local count, format = 0, string.format
  return function()
    count = count + 1
    local i, number = count % SHAPES + 1, format("%012x", count)
    if not ends[i] then return starts[i] .. number .. middles[i] end
    return starts[i] .. next_start() .. number .. middles[i] .. number .. ends[i]
  end
end

return M
