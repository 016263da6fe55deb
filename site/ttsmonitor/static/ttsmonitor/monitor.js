// The live monitor: draws what the server's events say over the page that it rendered.
import "./charts.js";
import { connect, getJSON, postJSON, say } from "./live.js";

const MOST_ROWS = 500;
const MOST_LINES = 200;
const FIGURES_MS = 1000;
const NOTICE_MS = 8000;
const UNFINISHED = new Set(["receiving", "queued", "playing"]);
const SOURCES = { puppet_mode: "Puppet Mode", chat: "Chat", system: "System" };

const byId = (id) => document.getElementById(id);
const language = document.documentElement.lang;
// The visitor's own region of the page's language: 14:05 or 2:05 PM.
const region = navigator.languages.find((name) => name.startsWith(language)) ?? language;
const number = new Intl.NumberFormat(region);
const short = new Intl.NumberFormat(region, { maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(region, { timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat(region, { dateStyle: "medium", timeStyle: "short" });
const stream = byId("stream");
const queue = byId("queue");
const log = byId("log");
const mould = byId("row").content.firstElementChild;

let lastStatus = null;
let lastHealth = null;

const sourceLabel = (source) => (SOURCES[source] ? say(SOURCES[source]) : source);
const milliseconds = (value) => say("{count} ms", { count: number.format(Math.round(value)) });

function timeLabel(iso) {
  const moment = new Date(iso);
  const isToday = moment.toDateString() === new Date().toDateString();
  return (isToday ? clock : calendar).format(moment);
}

// A fact is shown with its picture or not at all.
function setFact(element, text) {
  element.textContent = text ?? "";
  element.parentElement.hidden = !text;
}

function fill(row, utterance) {
  const part = (name) => row.querySelector(`[data-part="${name}"]`);
  row.dataset.id = utterance.id;
  row.dataset.received = utterance.received_at;
  part("text").textContent = utterance.text;
  if (utterance.lang) part("text").lang = utterance.lang;
  part("state").className = `state state-${utterance.status}`;
  part("state").textContent = say(utterance.status);
  part("time").dateTime = utterance.received_at;
  part("time").textContent = timeLabel(utterance.received_at);
  part("source").textContent = sourceLabel(utterance.source);
  setFact(part("robot"), utterance.device_id);
  const first = utterance.first_audio_ms;
  setFact(part("first"), first === null ? "" : milliseconds(first));
  const seconds = utterance.audio_seconds;
  setFact(part("length"), seconds ? say("{count} s", { count: short.format(seconds) }) : "");
  part("error").textContent = utterance.error === utterance.status ? "" : say(utterance.error);
  row.querySelector("[data-replay]").hidden = UNFINISHED.has(utterance.status);
  return row;
}

const newRow = (utterance) => fill(mould.cloneNode(true), utterance);
const rowOf = (id) => stream.querySelector(`[data-id="${CSS.escape(id)}"]`);

// Newest first. Times are ISO 8601 in UTC, so they sort as text.
function upsert(utterance, isNews = true) {
  const known = rowOf(utterance.id);
  if (known) {
    fill(known, utterance);
    return;
  }
  const row = newRow(utterance);
  row.classList.toggle("is-new", isNews);
  const older = [...stream.children].find((other) => other.dataset.received < utterance.received_at);
  stream.insertBefore(row, older ?? null);
  while (stream.children.length > MOST_ROWS) stream.lastElementChild.remove();
  byId("stream-empty").hidden = true;
}

function drawStatus(status) {
  lastStatus = status;
  byId("state").className = `state state-${status.status}`;
  byId("state").textContent = say(status.status);
  const now = byId("now");
  const text = status.current_text || say("Nothing is said right now.");
  if (now.textContent !== text) now.textContent = text;
  now.classList.toggle("is-quiet", !status.current_text);
  byId("bars").classList.toggle("is-moving", status.status === "playing" && !status.muted);
  setFact(byId("now-source").lastElementChild, status.current && sourceLabel(status.current.source));
  setFact(byId("now-robot").lastElementChild, status.current?.device_id);
  setFact(byId("now-mood").lastElementChild, say(status.current?.mood ?? ""));
  byId("pause").hidden = status.paused;
  byId("resume").hidden = !status.paused;
  byId("mute").hidden = status.muted;
  byId("unmute").hidden = !status.muted;
  if (document.activeElement !== byId("volume")) byId("volume").value = status.volume * 100;
  byId("queue-size").textContent = number.format(status.queue_size);
  drawLamps();
}

function drawLamps() {
  if (!lastHealth || !lastStatus) return;
  const good = {
    broker: lastStatus.broker.address,
    synthesis: lastStatus.engine,
    audio: lastStatus.output,
  };
  for (const lamp of document.querySelectorAll("[data-check]")) {
    const name = lamp.dataset.check;
    const check = lastHealth.checks[name] ?? lastHealth.checks.service;
    if (!check) continue;
    lamp.classList.toggle("is-ok", check.ok);
    lamp.classList.toggle("is-broken", !check.ok);
    const detail = check.ok ? good[name] || say("Works") : say(check.detail);
    lamp.querySelector('[data-part="detail"]').textContent = detail;
    const since = check.since ? say("since {time}", { time: timeLabel(check.since) }) : "";
    lamp.querySelector('[data-part="since"]').textContent = since;
  }
}

function drawQueue(waiting) {
  queue.replaceChildren(...waiting.map(newRow));
  byId("queue-empty").hidden = waiting.length > 0;
}

function drawStats(stats) {
  const { p50, p95 } = stats.first_audio_ms;
  const shown = {
    today: number.format(stats.today),
    last_hour: number.format(stats.last_hour),
    total: number.format(stats.total),
    spoken: number.format(stats.by_status.spoken),
    characters: number.format(stats.characters),
    minutes: say("{count} min", { count: short.format(stats.audio_seconds / 60) }),
    p50: p50 === null ? "–" : milliseconds(p50),
    p95: p95 === null ? "–" : milliseconds(p95),
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

function addActivity(entry) {
  const line = document.createElement("li");
  const time = document.createElement("time");
  const text = document.createElement("span");
  line.className = `is-${entry.level}`;
  time.dateTime = entry.at;
  time.textContent = clock.format(new Date(entry.at));
  text.textContent = say(entry.text);
  line.append(time, text);
  log.prepend(line);
  while (log.children.length > MOST_LINES) log.lastElementChild.remove();
}

function drawFigures({ queue: waiting, stats, health }) {
  lastHealth = health;
  drawQueue(waiting);
  drawStats(stats);
  drawLamps();
}

const draw = {
  snapshot(event) {
    drawStatus(event.status);
    for (const utterance of [...event.recent].reverse()) upsert(utterance, false);
    log.replaceChildren();
    for (const entry of event.activity) addActivity(entry);
    drawFigures(event);
  },
  figures: drawFigures,
  status(event) {
    drawStatus(event.status);
    askForFigures();
  },
  utterance(event) {
    upsert(event.utterance);
    askForFigures();
  },
  activity(event) {
    addActivity(event.entry);
  },
  queue() {
    askForFigures();
  },
};

// Sums and checks are asked for at most once a second, however many events come.
let asking = 0;
function askForFigures() {
  asking ||= setTimeout(() => {
    asking = 0;
    live.send({ type: "figures" });
  }, FIGURES_MS);
}

let noticeEnds = 0;
function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = false;
  clearTimeout(noticeEnds);
  noticeEnds = setTimeout(() => (byId("notice").hidden = true), NOTICE_MS);
}

async function control(body) {
  try {
    const answer = await postJSON("/api/control", body);
    byId("notice").hidden = true;
    drawStatus(answer.status);
  } catch (error) {
    notice(error.detail ?? String(error));
  }
}

let before = "";
async function showOlder() {
  try {
    // The first time from the top, for the cursor that the rendered page does not have.
    const answer = await getJSON(`/api/history?limit=50&before=${before}`);
    const had = stream.children.length;
    for (const utterance of answer.utterances) upsert(utterance, false);
    before = answer.next ?? "";
    byId("older").hidden = !answer.next || stream.children.length >= MOST_ROWS;
    if (answer.next && stream.children.length === had && !byId("older").hidden) await showOlder();
  } catch (error) {
    notice(error.detail ?? String(error));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-control]");
  if (button) control({ action: button.dataset.control });
  const replay = event.target.closest("[data-replay]");
  if (replay) control({ action: "replay", id: replay.closest("[data-id]").dataset.id });
});
byId("volume").addEventListener("change", (event) => {
  control({ action: "volume", value: Number(event.target.value) / 100 });
  event.target.blur();
});
byId("older").addEventListener("click", showOlder);

const live = connect("/ws/monitor/", {
  askAgainSeconds: 30,
  onEvent: (event) => draw[event.type]?.(event),
  onStale: (stale) => (byId("stale").hidden = !stale),
});
