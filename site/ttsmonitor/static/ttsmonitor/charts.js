// Charts over time, drawn as SVG from /api/stats/series and /api/stats/broker. Each has its table.
import { milliseconds, number, region, short, sourceLabel } from "./format.js";
import { getJSON, say, sayReason } from "./live.js";
import { formatter } from "./times.js";

const REFRESH_MS = 20_000;
const SLOW_REFRESH_MS = 120_000;
const HEIGHT = 170;
const EDGE = { top: 8, right: 8, bottom: 22, left: 46 };
const SVG = "http://www.w3.org/2000/svg";
const OUTCOMES = ["spoken", "playing", "queued", "receiving", "interrupted", "skipped", "expired", "failed"];
const COLOURS = 6;

const panel = document.getElementById("charts");
const compact = new Intl.NumberFormat(region, { notation: "compact", maximumFractionDigits: 1 });
const TIMES = {
  hour: { axis: { weekday: "short", hour: "numeric", minute: "2-digit" }, row: { dateStyle: "medium", timeStyle: "short" }, every: 6 },
  day: { axis: { day: "numeric", month: "short" }, row: { dateStyle: "full" }, every: 5 },
};

const choice = { by: "hour", split: "status" };
let series = null;
let broker = null;

function make(name, attributes = {}, text = "") {
  const isSvg = ["svg", "g", "rect", "line", "path", "circle", "text", "title"].includes(name);
  const element = isSvg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

// The next round number, which is the end of the axis.
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return (value ? [1, 2, 4, 6, 8, 10].find((step) => step * power >= value) : 1) * power;
}

/** A chart: `lines` are {label, colour, values, isLine}, one value (or null) for each of `times`. */
function draw(figure, { times, by, lines, format, tick = compact, stacked = true }) {
  const svg = figure.querySelector("svg");
  const width = svg.clientWidth || figure.clientWidth;
  const right = width - EDGE.right;
  const bottom = HEIGHT - EDGE.bottom;
  const tops = times.map((_time, index) => {
    const values = lines.map((line) => line.values[index] ?? 0);
    return stacked ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values, 0);
  });
  const most = roundUp(Math.max(...tops, 0));
  const step = (right - EDGE.left) / times.length;
  const x = (index) => EDGE.left + index * step;
  const y = (value) => bottom - (value / most) * (bottom - EDGE.top);
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const parts = axes({ times, by, most, x, y, step, right, tick });
  if (stacked) parts.push(...bars({ times, by, lines, x, y, step, format }));
  else for (const line of lines) parts.push(curve(line, x, y, step));
  svg.replaceChildren(...parts);
  legend(figure, lines);
  table(figure, { times, by, lines, format });
  const total = lines.flatMap((line) => line.values).some((value) => value);
  figure.classList.toggle("is-empty", !total);
}

function axes({ times, by, most, x, y, step, right, tick }) {
  const parts = [];
  for (const value of [0, most / 2, most]) {
    const height = y(value);
    parts.push(make("line", { class: "chart-grid", x1: EDGE.left, x2: right, y1: height, y2: height }));
    const place = { class: "chart-label", x: EDGE.left - 6, y: height + 4, "text-anchor": "end" };
    parts.push(make("text", place, tick.format(value)));
  }
  const { axis, every } = TIMES[by];
  const label = formatter(axis);
  const apart = Math.max(every, Math.ceil(88 / step / every) * every);
  for (let index = times.length - 1; index >= 0; index -= apart) {
    const middle = x(index) + step / 2;
    if (middle < EDGE.left + 16 || middle > right - (by === "hour" ? 40 : 12)) continue;
    const place = { class: "chart-label", x: middle, y: HEIGHT - 5, "text-anchor": "middle" };
    parts.push(make("text", place, label.format(times[index])));
  }
  return parts;
}

function bars({ times, by, lines, x, y, step, format }) {
  const label = formatter(TIMES[by].row);
  const parts = [];
  times.forEach((time, index) => {
    const group = make("g", { class: "chart-bar" });
    let sum = 0;
    const told = [];
    for (const { label: name, colour, values } of lines) {
      const value = values[index];
      if (!value) continue;
      const size = { x: x(index) + step * 0.1, y: y(sum + value), width: step * 0.8 };
      const height = Math.max(1, y(sum) - y(sum + value));
      group.append(make("rect", { class: `chart-${colour}`, ...size, height }));
      told.push(`${name}: ${format(value)}`);
      sum += value;
    }
    if (!told.length) return;
    group.append(make("title", {}, `${label.format(time)}\n${told.join("\n")}`));
    parts.push(group);
  });
  return parts;
}

function curve({ colour, values }, x, y, step) {
  const group = make("g", { class: `chart-curve chart-${colour}` });
  let path = "";
  values.forEach((value, index) => {
    if (value === null) return;
    const place = [x(index) + step / 2, y(value)];
    // A single point makes no line.
    const begins = (values[index - 1] ?? null) === null;
    path += `${begins ? "M" : "L"}${place.map((each) => each.toFixed(1)).join(" ")}`;
    if (begins && (values[index + 1] ?? null) === null) {
      group.append(make("circle", { cx: place[0], cy: place[1], r: 3 }));
    }
  });
  group.prepend(make("path", { d: path, fill: "none" }));
  return group;
}

function legend(figure, lines) {
  const entries = lines.map(({ label, colour }) => {
    const entry = make("li");
    entry.append(make("i", { class: `chart-${colour}`, "aria-hidden": "true" }), label);
    return entry;
  });
  figure.querySelector(".chart-legend").replaceChildren(...(lines.length > 1 ? entries : []));
}

// Newest first, without empty periods.
function table(figure, { times, by, lines, format }) {
  const label = formatter(TIMES[by].row);
  const head = make("tr");
  head.append(...["When", ...lines].map((line) => make("th", { scope: "col" }, line.label ?? say(line))));
  const rows = times.map((time, index) => {
    if (!lines.some((line) => line.values[index])) return null;
    const row = make("tr");
    row.append(make("th", { scope: "row" }, label.format(time)));
    for (const { values } of lines) row.append(make("td", {}, format(values[index] ?? null)));
    return row;
  });
  const [thead, tbody] = [make("thead"), make("tbody")];
  thead.append(head);
  tbody.append(...rows.filter(Boolean).reverse());
  figure.querySelector("table").replaceChildren(thead, tbody);
}

const countOf = (bucket, name) => (Object.hasOwn(bucket.by_source, name) ? bucket.by_source[name] : 0);
const figureOf = (name) => panel.querySelector(`[data-chart="${name}"]`);
const orDash = (format) => (value) => (value === null ? "–" : format(value));
const plain = orDash((value) => number.format(value));
const tenths = orDash((value) => short.format(value));

function splitLines(buckets) {
  if (choice.split === "status") {
    const there = OUTCOMES.filter((name) => buckets.some((each) => each.by_status[name]));
    return there.map((name) => ({
      label: say(name),
      colour: name,
      values: buckets.map((each) => each.by_status[name] ?? 0),
    }));
  }
  const sums = { __proto__: null };
  for (const { by_source: sources } of buckets) {
    for (const [name, count] of Object.entries(sources)) sums[name] = (sums[name] ?? 0) + count;
  }
  const names = Object.keys(sums).sort((one, other) => sums[other] - sums[one]);
  const shown = names.length > COLOURS ? names.slice(0, COLOURS - 1) : names;
  const lines = shown.map((name, index) => ({
    label: sourceLabel(name),
    colour: index,
    values: buckets.map((each) => countOf(each, name)),
  }));
  if (shown.length === names.length) return lines;
  const rest = names.slice(shown.length);
  const restOf = (each) => rest.reduce((sum, name) => sum + countOf(each, name), 0);
  return [...lines, { label: say("Others"), colour: COLOURS - 1, values: buckets.map(restOf) }];
}

function drawSeries() {
  const { buckets, by } = series;
  const times = buckets.map((each) => new Date(each.start));
  const one = (label, value) => [{ label: say(label), colour: 0, values: buckets.map(value) }];
  const percentile = (label, colour, time, name) => ({
    label: say(label),
    colour,
    values: buckets.map((each) => each[time][name]),
  });
  draw(figureOf("count"), { times, by, lines: splitLines(buckets), format: plain });
  for (const [name, time] of [["first", "first_audio_ms"], ["waiting", "waiting_ms"]]) {
    draw(figureOf(name), {
      times,
      by,
      lines: [percentile("median", 0, time, "p50"), percentile("p95", 1, time, "p95")],
      format: orDash(milliseconds),
      stacked: false,
    });
  }
  draw(figureOf("characters"), { times, by, lines: one("Characters", (each) => each.characters), format: plain });
  const minutes = one("Minutes of sound", (each) => each.audio_seconds / 60);
  draw(figureOf("minutes"), { times, by, lines: minutes, format: tenths });
}

function duration(seconds) {
  const [count, unit] =
    seconds < 7200 ? [seconds / 60, "{count} min"] : seconds < 172_800 ? [seconds / 3600, "{count} h"] : [seconds / 86_400, "{count} days"];
  return say(unit, { count: number.format(Math.floor(count)) });
}

function drawBroker() {
  for (const tile of panel.querySelectorAll("[data-broker]")) {
    const value = broker[tile.dataset.broker];
    const isTime = tile.dataset.broker === "uptime_seconds";
    tile.textContent = value === null ? "–" : isTime ? duration(value) : compact.format(value);
    tile.title = value === null || isTime ? "" : number.format(value);
  }
  panel.querySelector("#broker-version").textContent = broker.version;
  panel.querySelector("#broker-counts").hidden = !broker.available;
  const detail = panel.querySelector("#broker-detail");
  detail.hidden = broker.available;
  detail.textContent = broker.available ? "" : sayReason(broker, "detail");
  const figure = figureOf("rates");
  figure.hidden = !broker.rates.length;
  if (figure.hidden) return;
  const rate = (label, colour, way) => ({ label: say(label), colour, values: broker.rates.map((each) => each[way]) });
  draw(figure, {
    times: broker.rates.map((each) => new Date(each.at)),
    by: "hour",
    lines: [rate("coming in", 0, "received"), rate("going out", 1, "sent")],
    format: tenths,
    stacked: false,
  });
}

let asked = 0;
let waiting = 0;
async function refresh() {
  clearTimeout(waiting);
  waiting = 0;
  asked = Date.now();
  try {
    [series, broker] = await Promise.all([getJSON(`/api/stats/series?by=${choice.by}`), getJSON("/api/stats/broker")]);
    panel.querySelector("#charts-error").hidden = true;
    if (series.by === choice.by) redraw();
  } catch (error) {
    panel.querySelector("#charts-error").hidden = false;
    panel.querySelector("#charts-error").textContent = error.detail ?? String(error);
  }
}

function redraw() {
  if (!series || !panel.clientWidth) return;
  drawSeries();
  drawBroker();
}

// At most once per REFRESH_MS, at a random moment, and only while the page is visible.
let isSeen = false;
function refreshSoon(afterMs = REFRESH_MS) {
  if (!isSeen || document.hidden || waiting) return;
  const due = asked + afterMs * (1 + Math.random() / 4) - Date.now();
  waiting = setTimeout(refresh, Math.max(0, due));
}

if (panel) {
  panel.addEventListener("change", ({ target }) => {
    choice[target.name] = target.value;
    if (target.name === "by") refresh();
    else redraw();
  });
  new IntersectionObserver((entries) => {
    isSeen = entries.some((entry) => entry.isIntersecting);
    if (isSeen && !asked) refresh();
    else refreshSoon();
  }).observe(panel);
  new ResizeObserver(redraw).observe(panel);
  document.addEventListener("visibilitychange", () => refreshSoon());
  document.addEventListener("moxie:stats", () => refreshSoon());
  setInterval(() => refreshSoon(SLOW_REFRESH_MS), SLOW_REFRESH_MS);
}
