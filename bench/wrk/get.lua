-- GET the URL and headers of the command line over and over.
require("common")
