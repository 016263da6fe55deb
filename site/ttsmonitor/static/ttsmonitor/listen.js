// Listen in this browser: the button, its state, the volume and the level.
import { notice } from "./format.js";
import { say } from "./live.js";
import { play } from "./player.js";
import { keep, kept } from "./storage.js";
import { maySleep, stayAwake } from "./wake_lock.js";

const ON = "moxie-listen"; // this tab listens, also after it was loaded anew
const VOLUME = "moxie-listen-volume";
const NOTES = {
  off: "",
  connecting: "Connecting…",
  live: "Moxie's speech plays in this browser.",
  blocked: "Your browser waits for a click before it plays sound.",
  stale: "No sound: connection lost. This page keeps trying to reconnect.",
  unavailable: "This speech service does not play in browsers: TTS_AUDIO does not include browser.",
  failed: "This browser cannot play it.",
};
const LISTEN = "Listen here";
const STOP = "Stop listening";
const LABELS = { off: LISTEN, unavailable: LISTEN, failed: LISTEN, blocked: "Click to hear" };

const box = document.getElementById("listen");
const [button, volume] = box.querySelectorAll("button, input");
const part = (name) => box.querySelector(`[data-part="${name}"]`);
const [label, note, meter] = ["label", "note", "meter"].map(part);
let player = null;

const loudness = () => (volume.value / 100) ** 2; // as ears hear it

function show(state) {
  box.dataset.state = state;
  note.textContent = NOTES[state] && say(NOTES[state]);
  const isNews = note.textContent && state !== "connecting";
  if (isNews && document.getElementById("notice")) notice(note.textContent, state === "live");
  label.textContent = say(LABELS[state] ?? STOP);
  volume.disabled = LABELS[state] === LISTEN;
  if (state === "live") stayAwake();
  else maySleep();
  if (state !== "live") showLevel(0);
  if (LABELS[state] === LISTEN) end();
}

function showLevel(level) {
  meter.style.transform = `scaleX(${Math.sqrt(level).toFixed(3)})`;
}

function start() {
  keep("sessionStorage", ON, "1");
  show("connecting");
  try {
    player = play({ volume: loudness(), onState: show, onLevel: showLevel });
  } catch {
    show("failed"); // no Web Audio
  }
}

function end() {
  keep("sessionStorage", ON, "");
  player?.close();
  player = null;
}

button.addEventListener("click", () => {
  if (box.dataset.state === "blocked") player.wake();
  else if (player) show("off");
  else start();
});
// A browser allows sound after any click or key press.
for (const kind of ["pointerdown", "pointerup", "keydown"]) {
  document.addEventListener(kind, ({ target }) => {
    if (box.dataset.state === "blocked" && !button.contains(target)) player.wake();
  });
}
volume.addEventListener("input", () => {
  player?.setVolume(loudness());
  keep("localStorage", VOLUME, volume.value);
});
volume.value = kept("localStorage", VOLUME) ?? volume.value;
if (kept("sessionStorage", ON)) start();
