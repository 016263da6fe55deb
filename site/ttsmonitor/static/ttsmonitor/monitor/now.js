// The current utterance: its words light up as they are heard, and bars show its loudness.
//
// The server reports the position (`seconds`), the beginning of each word (`words`: pairs of seconds
// and the word's number) and the loudness (`levels`). Between reports the page extrapolates.
import { byId, robotLabel, setFact, setText, sourceLabel } from "../format.js";
import { say } from "../live.js";

const AHEAD_SECONDS = 3; // maximum extrapolation
const BEGINNING_SECONDS = 1;
const WORD = /([^ \t\r\n]+)/;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const box = byId("now");
const bars = [...byId("bars").children];

let shown = { id: null, text: "" };
let heard = nothing();
let lit = -1;
let isMuted = false;
let frame = 0;

function nothing() {
  return { id: null, text: "", words: [], levels: [], first: 0, step: 0.05, seconds: 0, at: 0, moving: false };
}

/** Draw the state of the speech service. */
export function drawNow(status) {
  isMuted = status.muted;
  const current = status.current;
  byId("bars").classList.toggle("is-moving", status.status === "playing" && !status.muted);
  box.classList.toggle("is-quiet", !current);
  draw(current?.id ?? null, status.current_text, current?.lang ?? "");
  setFact(byId("now-source").lastElementChild, current && sourceLabel(current.source));
  setFact(byId("now-robot").lastElementChild, current && robotLabel(current));
  setFact(byId("now-mood").lastElementChild, say(current?.mood ?? ""));
  if (status.paused || !current) heard.moving = false;
  startAnimation();
}

/** Process a progress report. Return false if an earlier one was missed: then request all of it. */
export function drawProgress(event) {
  if (!event?.id) return true;
  if (event.id !== heard.id) heard = { ...nothing(), id: event.id };
  if (event.from > heard.words.length) return false;
  heard.words.splice(event.from, Infinity, ...event.words);
  heard.text = event.text ?? heard.text;
  Object.assign(heard, { seconds: event.seconds, at: performance.now(), moving: event.moving, step: event.step });
  if (event.levels) addLevels(event.levels);
  if (!heard.text) return false;
  // The first report arrives before the state of the speech service.
  if (shown.id === heard.id || event.seconds < BEGINNING_SECONDS) draw(heard.id, heard.text);
  startAnimation();
  return true;
}

function addLevels({ at, values }) {
  const first = Math.round(at / heard.step);
  if (first !== heard.first + heard.levels.length) {
    heard.levels = [];
    heard.first = first;
  }
  heard.levels.push(...values);
}

function draw(id, text, lang) {
  if (lang !== undefined) box.lang = lang || document.documentElement.lang;
  if (shown.id === id && shown.text === text) return;
  if (id && shown.id === id && text.length < shown.text.length) return; // an earlier version of a growing text
  if (shown.id !== id) {
    // A screen reader gets the whole sentence once, independent of the highlighting.
    setText(byId("now-said"), id ? text : "");
    box.scrollTop = 0;
  }
  shown = { id, text };
  lit = -1;
  if (id) box.replaceChildren(...pieces(text));
  else box.textContent = say("Nothing is said right now.");
  box.tabIndex = box.scrollHeight > box.clientHeight ? 0 : -1;
}

function pieces(text) {
  return text.split(WORD).map((piece, index) => {
    if (index % 2 === 0) return document.createTextNode(piece);
    const word = document.createElement("span");
    word.className = "word";
    word.textContent = piece;
    return word;
  });
}

function startAnimation() {
  if (!frame) frame = requestAnimationFrame(drawFrame);
}

function drawFrame() {
  frame = 0;
  const passed = heard.moving ? (performance.now() - heard.at) / 1000 : 0;
  const seconds = heard.seconds + Math.min(passed, AHEAD_SECONDS);
  highlightWord(shown.id && shown.id === heard.id ? wordAt(seconds) : -1);
  drawLevel(seconds);
  if (heard.moving && heard.id === shown.id && passed < AHEAD_SECONDS) startAnimation();
}

/** The number of the word at that time; -1 before the first. */
function wordAt(seconds) {
  let low = 0;
  let high = heard.words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (heard.words[middle][0] <= seconds) low = middle + 1;
    else high = middle;
  }
  return low ? heard.words[low - 1][1] : -1;
}

function highlightWord(index) {
  if (index === lit) return;
  const words = box.querySelectorAll(".word");
  words[lit]?.classList.remove("is-now");
  for (let i = Math.min(lit, index); i < Math.max(lit, index); i++) {
    words[i]?.classList.toggle("is-said", i < index);
  }
  words[index]?.classList.remove("is-said");
  words[index]?.classList.add("is-now");
  lit = index;
  if (words[index]) keepInSight(words[index]);
}

function keepInSight(word) {
  const [inner, outer] = [word.getBoundingClientRect(), box.getBoundingClientRect()];
  if (inner.bottom > outer.bottom || inner.top < outer.top) {
    box.scrollTop += inner.top - outer.top - outer.height / 3;
  }
}

// Show the newest level in the middle, and earlier ones on both sides.
function drawLevel(seconds) {
  const isHeard = heard.moving && !isMuted && !calm.matches;
  const now = Math.floor(seconds / heard.step) - heard.first;
  bars.forEach((bar, index) => {
    const level = (isHeard && heard.levels[now - Math.abs(index - 2)]) || 0;
    const scale = `scaleY(${(0.18 + 0.0082 * level).toFixed(2)})`; // a height would shift the layout
    if (bar.style.transform !== scale) bar.style.transform = scale;
  });
}
