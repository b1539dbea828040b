-- POST reports of about 600 bytes to /api/projects/{id}/feedback with the x-api-key of BENCH_KEY.
require("common")
local reports = require("reports")

local BODY = '{"message":"Order ' .. reports.COUNT .. ': %s","context":{'
  .. '"url":"https://shop.example.com/checkout?step=2","timestamp":"2026-06-03T09:14:22.000Z",'
  .. '"userAgent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0","screen":{"width":1440,"height":900},'
  .. '"appVersion":"4.11.0 (2026060301)","platform":"web","osVersion":"Linux 6.12","deviceModel":"desktop",'
  .. '"userId":"customer-4711","screenName":"CheckoutAddress"}}'

function init()
  local headers = { ["Content-Type"] = "application/json", ["x-api-key"] = os.getenv("BENCH_KEY") }
  request = reports.requests(headers, function(text) return string.format(BODY, text) end)
end
