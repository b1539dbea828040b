// Ages ("2 h") go on while the page is open.

const MINUTE = 60e3;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Null from a week on: the server writes a date there, which stays.
function age(ms) {
  const passed = Date.now() - ms;
  if (passed < MINUTE) return "now";
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min`;
  if (passed < DAY) return `${Math.floor(passed / HOUR)} h`;
  return passed < 7 * DAY ? `${Math.floor(passed / DAY)} d` : null;
}

setInterval(() => {
  for (const each of document.querySelectorAll("time[data-age]")) {
    const text = age(Date.parse(each.dateTime));
    if (text && each.textContent !== text) each.textContent = text;
  }
}, 30000);
