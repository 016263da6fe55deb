// Buttons and volume. A button that cannot work is aria-disabled; a click on it says why.
import { byId, clearNotice, notice } from "../format.js";
import { postJSON } from "../live.js";

const refusal = byId("controls").dataset.why; // this visitor may only listen
let onStatus = () => {};
let isSaying = false;
let waiting = 0;

/** Call `draw` with the state in each answer. */
export function whenAnswered(draw) {
  onStatus = draw;
}

let last = Promise.resolve();
/** Send a control message; return false if it was refused, and show why. */
export function control(body) {
  if (refusal) {
    notice(refusal);
    return Promise.resolve(false);
  }
  // Send one after the other: a late answer would show an outdated state.
  last = last.then(() => send(body));
  return last;
}

async function send(body) {
  try {
    const answer = await postJSON("/api/control", body);
    clearNotice();
    onStatus(answer.status);
    return true;
  } catch (error) {
    notice(error.detail ?? String(error));
    return false;
  }
}

/** Show what the buttons would do now. */
export function drawControls(status) {
  swap(status.paused, byId("pause"), byId("resume"));
  swap(status.muted, byId("mute"), byId("unmute"));
  if (document.activeElement !== byId("volume")) byId("volume").value = status.volume * 100;
  isSaying = Boolean(status.current);
  drawUsable();
}

/** Show what can be done with a queue of this length. */
export function drawWaiting(count) {
  waiting = count;
  drawUsable();
}

function drawUsable() {
  if (refusal) return;
  const usable = { skip: isSaying, interrupt: isSaying || waiting > 0, clear: waiting > 0 };
  for (const [action, isUsable] of Object.entries(usable)) {
    document.querySelector(`[data-control=${action}]`).ariaDisabled = isUsable ? null : "true";
  }
}

function swap(isOn, one, other) {
  const hadFocus = [one, other].includes(document.activeElement);
  one.hidden = isOn;
  other.hidden = !isOn;
  if (hadFocus) (isOn ? other : one).focus();
}

/** Change the volume by this many percent. */
export function turnVolume(by) {
  const volume = byId("volume");
  if (!refusal) volume.value = Number(volume.value) + by;
  sendVolume();
}

function sendVolume() {
  control({ action: "volume", value: Number(byId("volume").value) / 100 });
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-control], [data-replay]");
  if (!button) return;
  if (button.ariaDisabled === "true") notice(button.dataset.why ?? refusal);
  else if (button.dataset.control) control({ action: button.dataset.control });
  else control({ action: "replay", id: button.closest("[data-id]").dataset.id });
});
byId("volume").addEventListener("change", sendVolume);
