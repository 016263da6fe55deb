// The transcript, newest first. Rows never move by themselves: the list glides to a new one, and new
// ones wait while the visitor scrolls.
import { byId, notice, number } from "../format.js";
import { getJSON, say } from "../live.js";
import { dayOf, drawTitles, rowsOf } from "./days.js";
import { isFiltered, matches, query, watch } from "./filters.js";
import { fill, isFinished } from "./row.js";

const MOST_ROWS = 500;
const PAGE = 50;
const TOP_PIXELS = 24;
const GLIDE_MS = 1000;
const SETTLING_MS = 2000; // what came just before a snapshot may be missing in it
const AHEAD = "600px"; // older ones are fetched so far before they are in sight

const list = byId("stream");
const scroller = byId("stream-scroller");
const room = byId("stream-room");
const pill = byId("fresh");
const template = byId("row").content.firstElementChild;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const rows = new Map([...list.querySelectorAll("li")].map((row) => [row.dataset.id, row]));
const fresh = new Map(); // utterances that wait to be shown

let newest = ""; // when the newest one came that this page was told of
let before = ""; // the cursor of the next page; "": from the top, for one that is not known
let isLoading = false;
let generation = 0; // answers to what was asked before the filter changed are dropped
let gliding = 0;

/** Show an utterance that is new or has a new state. */
export function drawUtterance(utterance) {
  const known = rows.get(utterance.id);
  if (utterance.received_at > newest) newest = utterance.received_at;
  if (!matches(utterance)) {
    fresh.delete(utterance.id);
    if (known) remove(known);
  } else if (known) {
    fill(known, utterance);
  } else if (!isFinished(utterance)) {
    return; // the player or the queue has it
  } else if (isReading()) {
    fresh.set(utterance.id, utterance);
  } else {
    arrive([utterance]);
  }
  tell();
}

/** Show the newest utterances of a snapshot. */
export function drawRecent(recent, moment) {
  const isMissing = newest && recent.length >= PAGE && recent.at(-1).received_at > newest;
  newest = recent[0]?.received_at ?? newest;
  if (isMissing || isAnyGone(recent, moment)) {
    reload();
    return;
  }
  for (const utterance of [...recent].reverse()) drawUtterance(utterance);
}

/** Draw the headings of the days. */
export function drawDays() {
  drawTitles(list);
}

// Return true if a shown utterance was deleted.
function isAnyGone(recent, moment) {
  const oldest = recent.length < PAGE ? "" : recent.at(-1).received_at;
  const settled = new Date(Date.parse(moment) - SETTLING_MS).toISOString();
  const there = new Set(recent.map(({ id }) => id));
  const isGone = ({ id, received }) => received > oldest && received < settled && !there.has(id);
  return [...rows.values()].some((row) => isGone(row.dataset));
}

function place(utterance) {
  const row = fill(template.cloneNode(true), utterance);
  rows.set(utterance.id, row);
  const day = rowsOf(list, dayOf(utterance.received_at));
  // Times are ISO 8601 in UTC, so they sort as text. Old ones go to the end, new ones to the top.
  const last = day.lastElementChild;
  if (!last || last.dataset.received >= utterance.received_at) {
    day.append(row);
  } else {
    let next = day.firstElementChild;
    while (next && next.dataset.received > utterance.received_at) next = next.nextElementSibling;
    day.insertBefore(row, next);
  }
  return row;
}

// Put new rows above the others without moving these, then scroll up to the new ones.
function arrive(utterances) {
  const seen = list.querySelector("li");
  const top = seen?.getBoundingClientRect().top;
  for (const utterance of utterances) place(utterance).classList.add("is-new");
  if (seen) hold(scroller.scrollTop + seen.getBoundingClientRect().top - top);
  trim();
  glide();
}

// There must be room below to scroll so far, also where there are few rows.
function hold(scrollTop) {
  room.style.height = `${scroller.clientHeight + scrollTop}px`;
  scroller.scrollTop = scrollTop;
}

function glide() {
  clearTimeout(gliding);
  gliding = setTimeout(settle, GLIDE_MS); // where there is no event at the end
  // In the next frame: in this one the rows are where they were.
  requestAnimationFrame(() => scroller.scrollTo({ top: 0, behavior: calm.matches ? "instant" : "smooth" }));
}

function settle() {
  clearTimeout(gliding);
  gliding = 0;
  if (scroller.scrollTop < 1) room.style.height = "";
}

function remove(row) {
  rows.delete(row.dataset.id);
  const day = row.closest("section");
  row.remove();
  if (!day.querySelector("li")) day.remove();
}

function trim() {
  if (rows.size <= MOST_ROWS) return;
  while (rows.size > MOST_ROWS) remove(list.lastElementChild.querySelector("li:last-child"));
  before = "";
  byId("older").hidden = false;
}

function tell() {
  byId("stream-empty").hidden = rows.size + fresh.size > 0 || isLoading;
  byId("stream-none").hidden = byId("stream-empty").hidden || !isFiltered();
  byId("stream-nothing").hidden = byId("stream-empty").hidden || isFiltered();
  pill.hidden = !fresh.size;
  const count = number.format(fresh.size);
  byId("fresh-count").textContent =
    fresh.size === 1 ? say("1 new") : say("{count} new", { count });
}

/** Return true if the visitor has scrolled down from the newest row. */
function isReading() {
  return !gliding && rows.size > 0 && scroller.scrollTop > TOP_PIXELS;
}

function showFresh() {
  const waiting = [...fresh.values()].sort((one, other) => (one.received_at < other.received_at ? -1 : 1));
  fresh.clear();
  arrive(waiting);
  tell();
}

let looking = 0;
function onScroll() {
  looking ||= requestAnimationFrame(() => {
    looking = 0;
    if (fresh.size && !isReading()) showFresh();
  });
}

/** Load the first page with the current filters. */
export async function reload() {
  generation++;
  isLoading = false;
  before = "";
  await load(() => {
    fresh.clear();
    rows.clear();
    list.replaceChildren();
    scroller.scrollTop = 0;
  });
}

async function load(prepare = () => {}) {
  if (isLoading) return;
  const asked = generation;
  isLoading = true;
  list.setAttribute("aria-busy", "true");
  try {
    let added = 0;
    do {
      const answer = await getJSON(`/api/history?${query({ limit: PAGE, before })}`);
      if (asked !== generation) return;
      prepare();
      prepare = () => {};
      for (const utterance of answer.utterances.filter(isFinished)) {
        if (fresh.has(utterance.id) || rows.has(utterance.id)) continue;
        place(utterance);
        added++;
      }
      before = answer.next ?? "";
    } while (before && !added);
    byId("older").hidden = !before;
    watchEnd(); // it may be in sight still
  } catch (error) {
    notice(error.detail ?? String(error));
  } finally {
    if (asked === generation) {
      isLoading = false;
      list.removeAttribute("aria-busy");
      tell();
    }
  }
}

pill.addEventListener("click", () => {
  showFresh();
  list.querySelector("[data-replay]")?.focus({ preventScroll: true });
});
byId("older").addEventListener("click", () => load());
scroller.addEventListener("scroll", onScroll, { passive: true });
scroller.addEventListener("scrollend", settle);
const end = new IntersectionObserver(
  (seen) => {
    // Load more only when the visitor scrolls.
    if (seen.some((each) => each.isIntersecting) && isReading()) load();
  },
  { rootMargin: AHEAD, scrollMargin: AHEAD },
);
function watchEnd() {
  end.unobserve(byId("older"));
  end.observe(byId("older"));
}
watchEnd();
watch(reload);
// The server may not know the visitor's time zone yet.
for (const row of rows.values()) {
  const day = rowsOf(list, dayOf(row.dataset.received));
  if (row.parentElement !== day) day.append(row);
}
for (const day of [...list.children]) if (!day.querySelector("li")) day.remove();
drawDays();
