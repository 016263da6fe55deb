// Buttons and volume.
import { byId, clearNotice, notice } from "../format.js";
import { postJSON } from "../live.js";

let onStatus = () => {};

/** Call `draw` with the state in each answer. */
export function whenAnswered(draw) {
  onStatus = draw;
}

let last = Promise.resolve();
/** Send a control message; return false if it was refused, and show why. */
export function control(body) {
  if (byId("controls").hidden) return Promise.resolve(false); // this visitor may only listen
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
  volume.value = Number(volume.value) + by;
  sendVolume();
}

function sendVolume() {
  control({ action: "volume", value: Number(byId("volume").value) / 100 });
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-control]");
  if (button) control({ action: button.dataset.control });
  const replay = target.closest("[data-replay]");
  if (replay) control({ action: "replay", id: replay.closest("[data-id]").dataset.id });
});
byId("volume").addEventListener("change", sendVolume);
