// The inbox: reports open beside the list, keys move and act, and what is new comes by itself.

import "./keys.js";
import "./comment.js";
import "./report.js";
import "./live.js";
