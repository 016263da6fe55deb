// Past utterances, newest first. Rows change in place; new ones wait while the user scrolls.
import { byId, notice, number } from "../format.js";
import { getJSON, say } from "../live.js";
import { isFiltered, matches, query, watch } from "./filters.js";
import { fill } from "./row.js";

const MOST_ROWS = 500;
const PAGE = 50;
const TOP_PIXELS = 24;
const SETTLING_MS = 2000; // what came just before a snapshot may be missing in it
const AHEAD = "600px"; // older ones are fetched so far before they are in sight

const list = byId("stream");
const scroller = byId("stream-scroller");
const pill = byId("fresh");
const template = byId("row").content.firstElementChild;
const rows = new Map([...list.children].map((row) => [row.dataset.id, row]));
const fresh = new Map(); // utterances that wait to be shown

let newest = ""; // when the newest one came that this page was told of
let before = ""; // the cursor of the next page; "": from the top, for one that is not known
let isLoading = false;
let generation = 0; // answers to what was asked before the filter changed are dropped

/** Show an utterance that is new or has a new state. */
export function drawUtterance(utterance) {
  const known = rows.get(utterance.id);
  if (utterance.received_at > newest) newest = utterance.received_at;
  if (!matches(utterance)) {
    fresh.delete(utterance.id);
    if (known) remove(known);
  } else if (known) {
    fill(known, utterance);
  } else if (isReading()) {
    fresh.set(utterance.id, utterance);
  } else {
    place(utterance).classList.add("is-new");
    trim();
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
  for (const utterance of [...recent].reverse()) {
    if (rows.has(utterance.id) || isReading()) drawUtterance(utterance);
    else if (matches(utterance)) place(utterance);
  }
  tell();
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
  // Times are ISO 8601 in UTC, so they sort as text. Old ones go to the end, new ones to the top.
  const last = list.lastElementChild;
  if (!last || last.dataset.received >= utterance.received_at) {
    list.append(row);
  } else {
    let next = list.firstElementChild;
    while (next && next.dataset.received > utterance.received_at) next = next.nextElementSibling;
    list.insertBefore(row, next);
  }
  return row;
}

function remove(row) {
  rows.delete(row.dataset.id);
  row.remove();
}

function trim() {
  if (rows.size <= MOST_ROWS) return;
  while (rows.size > MOST_ROWS) remove(list.lastElementChild);
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
    fresh.size === 1 ? say("1 new one") : say("{count} new ones", { count });
}

/** Return true if the visitor has scrolled down from the newest row. */
function isReading() {
  const top = Math.max(0, scroller.getBoundingClientRect().top);
  const first = list.firstElementChild?.getBoundingClientRect().top ?? top;
  return rows.size > 0 && first < top - TOP_PIXELS;
}

function showFresh() {
  const waiting = [...fresh.values()].sort((one, other) => (one.received_at < other.received_at ? -1 : 1));
  fresh.clear();
  for (const utterance of waiting) place(utterance).classList.add("is-new");
  trim();
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
      for (const utterance of answer.utterances) {
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
  const first = list.firstElementChild;
  scroller.scrollTop = 0;
  if (scroller.getBoundingClientRect().top < 0) byId("stream-title").scrollIntoView();
  first?.querySelector("[data-replay]:not([hidden])")?.focus({ preventScroll: true });
});
byId("older").addEventListener("click", () => load());
scroller.addEventListener("scroll", onScroll, { passive: true });
addEventListener("scroll", onScroll, { passive: true });
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
