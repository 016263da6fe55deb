// Numbers, checks and the activity log.
import { byId, clock, milliseconds, number, short, sourceLabel, timeLabel } from "./format.js";
import { say, sayReason } from "./live.js";

const MOST_LINES = 200;
const log = byId("log");

let newestLine = 0;
let lastStatus = null;
let lastHealth = null;

/** Draw the numbers about the history. */
export function drawStats(stats) {
  const { p50, p95 } = stats.first_audio_ms;
  const waiting = stats.waiting_ms.p95;
  const shown = {
    today: number.format(stats.today),
    last_hour: number.format(stats.last_hour),
    total: number.format(stats.total),
    spoken: number.format(stats.by_status.spoken),
    characters: number.format(stats.characters),
    minutes: say("{count} min", { count: short.format(stats.audio_seconds / 60) }),
    p50: p50 === null ? "–" : milliseconds(p50),
    p95: p95 === null ? "–" : milliseconds(p95),
    waiting: waiting === null ? "–" : milliseconds(waiting),
  };
  for (const tile of document.querySelectorAll("[data-stat]")) {
    tile.textContent = shown[tile.dataset.stat];
  }
  for (const pill of document.querySelectorAll("[data-status-count]")) {
    const count = stats.by_status[pill.dataset.statusCount] ?? 0;
    pill.hidden = !count;
    pill.lastElementChild.textContent = number.format(count);
  }
  document.dispatchEvent(new Event("moxie:stats")); // for charts.js
  byId("sources").replaceChildren(...Object.entries(stats.by_source).map(share));
}

function share([source, count]) {
  const line = document.createElement("li");
  const label = document.createElement("span");
  const value = document.createElement("b");
  line.className = "share";
  label.textContent = sourceLabel(source);
  value.textContent = number.format(count);
  line.append(label, value);
  return line;
}

/** Draw the checks: a detail if it works, else the reason and since when it fails. */
export function drawLamps({ status = lastStatus, health = lastHealth }) {
  [lastStatus, lastHealth] = [status, health];
  if (!health || !status) return;
  for (const lamp of document.querySelectorAll("[data-check]")) {
    const name = lamp.dataset.check;
    const check = health.checks[name] ?? health.checks.service;
    if (!check) continue;
    lamp.classList.toggle("is-ok", check.ok);
    lamp.classList.toggle("is-broken", !check.ok);
    const detail = check.ok ? shown(lamp, status) || say("Works") : sayReason(check, "detail");
    lamp.querySelector('[data-part="detail"]').textContent = detail;
    const since = check.since ? say("since {time}", { time: timeLabel(check.since) }) : "";
    lamp.querySelector('[data-part="since"]').textContent = since;
  }
}

// The field of the status that a lamp names, as in broker.address.
function shown(lamp, status) {
  return lamp.dataset.shows.split(".").reduce((value, name) => value?.[name], status);
}

/** Draw the whole log, oldest first. */
export function drawActivity(entries) {
  log.replaceChildren();
  newestLine = 0;
  for (const entry of entries) addActivity(entry);
}

/** Draw a new line of the log, unless it came with the snapshot already. */
export function addActivity(entry) {
  if (entry.number <= newestLine) return;
  newestLine = entry.number;
  const line = document.createElement("li");
  const time = document.createElement("time");
  const text = document.createElement("span");
  line.className = `is-${entry.level}`;
  time.dateTime = entry.at;
  time.textContent = clock.format(new Date(entry.at));
  text.textContent = sayReason(entry, "text");
  line.append(time, text);
  log.prepend(line);
  while (log.children.length > MOST_LINES) log.lastElementChild.remove();
}
