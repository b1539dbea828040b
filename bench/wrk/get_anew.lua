-- GET the URL and headers of the command line, each time with another parameter that means nothing: no answer that
-- was given before can be given again. wrk.path holds the query too.
require("common")

local asked = 0

function request()
  asked = asked + 1
  return wrk.format("GET", wrk.path .. "&again=" .. asked)
end
