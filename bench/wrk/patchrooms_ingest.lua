-- POST reports of about 600 bytes to /api/v1/ingest/:projectKey, each with its own clientId.
require("common")
local reports = require("reports")

local BODY = '{"clientId":"' .. reports.CLIENT_ID .. '","blocks":[{"type":"text","text":"Order '
  .. reports.COUNT .. ': %s"}],"context":{"url":"https://shop.example.com/checkout?step=2",'
  .. '"pathname":"/checkout","host":"shop.example.com",'
  .. '"userAgent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0","language":"en-GB",'
  .. '"viewport":{"width":1440,"height":900},"device":"desktop","timestamp":"2026-06-03T09:14:22.000Z"},'
  .. '"identity":{"userId":"customer-4711"}}'

function init()
  request = reports.requests({ ["Content-Type"] = "application/json" }, function(text)
    return string.format(BODY, text)
  end)
end
