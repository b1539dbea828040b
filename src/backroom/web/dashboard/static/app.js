// What every page has. Menus come first: Escape closes a menu before anything else hears of it.

import "./menus.js";
import "./keys.js";
import "./copy.js";
import "./ages.js";
