// The transcript's parts, one for each day in the visitor's time zone, newest first.
import { capitalize, setText } from "../format.js";
import { day } from "../times.js";
import { say } from "../live.js";

const DAY_MS = 86_400_000;

/** The day of a time, as in an element's data-day. */
export function dayOf(iso) {
  const moment = new Date(iso);
  const padded = (value) => String(value).padStart(2, "0");
  return `${moment.getFullYear()}-${padded(moment.getMonth() + 1)}-${padded(moment.getDate())}`;
}

/** The list of rows of a day in `box`; made if it is not there. */
export function rowsOf(box, wanted) {
  const known = box.querySelector(`[data-day="${wanted}"]`);
  return (known ?? make(box, wanted)).querySelector("ol");
}

function make(box, wanted) {
  const section = document.createElement("section");
  section.className = "stream-day";
  section.dataset.day = wanted;
  section.append(document.createElement("h3"), document.createElement("ol"));
  section.lastElementChild.className = "stream";
  const older = [...box.children].find((each) => each.dataset.day < wanted);
  box.insertBefore(section, older ?? null);
  drawTitle(section);
  return section;
}

/** Draw the headings, since today is another day after midnight. */
export function drawTitles(box) {
  [...box.children].forEach(drawTitle);
}

function drawTitle(section) {
  setText(section.querySelector("h3"), title(section.dataset.day));
}

function title(wanted) {
  const now = Date.now();
  if (wanted === dayOf(now)) return say("Today");
  if (wanted === dayOf(now - DAY_MS)) return say("Yesterday");
  return capitalize(day(new Date(`${wanted}T12:00`)));
}
