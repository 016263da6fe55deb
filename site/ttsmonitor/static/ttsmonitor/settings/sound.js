// The sound device, its test, and mute: the part settings/_sound.html.
import { getJSON, postJSON, sendJSON } from "../live.js";
import { attempt, finder, readJSON, speaker, tell } from "./part.js";

const OPEN_MS = 1500;

const root = document.querySelector("[data-sound]");
const word = speaker(readJSON("sound-words"));
const part = finder(root);
const { device, preroll_ms: preroll } = part("form").elements;
const may = (scope) => root.hasAttribute(`data-may-${scope}`);
const act = (name) => root.querySelector(`[data-act="${name}"]`);
let state = readJSON("sound-state");
let turn = 0; // counts the states: an answer to an older question is outdated

function draw() {
  tell(part("now"), state.error ? word("nowhere", { error: state.error }) : word("plays", { output: state.title }), !state.error);
  part("form").hidden = !state.has_device;
  drawDevices();
  preroll.value = state.preroll_ms;
  drawFixed(device, "device", part("device-note"));
  drawFixed(preroll, "preroll_ms", part("preroll-note"));
  act("mute").hidden = !may("control") || state.muted;
  act("unmute").hidden = !may("control") || !state.muted;
  for (const name of ["tone", "sentence"]) act(name).hidden = !may("speak");
}

function drawDevices() {
  if (!state.devices) return; // they are being looked for
  const names = state.devices.map((each) => each.name);
  // ALSA lists the system's device once more, as "default".
  const others = names.filter((name) => name !== "default" || name === state.device);
  const options = [new Option(word("default"), ""), ...others.map((name) => new Option(name, name))];
  const isGone = state.device && !names.some((name) => name.toLowerCase().includes(state.device.toLowerCase()));
  if (state.device && !names.includes(state.device)) {
    options.push(new Option(isGone ? word("gone", { device: state.device }) : state.device, state.device));
  }
  device.replaceChildren(...options);
  device.value = state.device;
  if (!names.length) tell(part("device-note"), word("no_devices"), false);
}

function drawFixed(field, name, note) {
  const setting = state.fixed[name];
  field.disabled = Boolean(setting) || !may("set");
  if (setting) tell(note, word("fixed", { setting }));
}

function take(answer) {
  turn += 1;
  state = { devices: state.devices, ...answer };
  draw();
  root.dispatchEvent(new CustomEvent("moxie:sound", { detail: state, bubbles: true }));
}

async function look() {
  tell(part("device-note"), "");
  const asked = turn;
  await attempt(part("device-note"), async () => {
    const answer = await getJSON("/api/sound");
    take(asked === turn ? answer : { ...state, devices: answer.devices });
  });
}

part("form").addEventListener("change", async () => {
  const chosen = { device: device.value, preroll_ms: Number(preroll.value) };
  const isKept = await attempt(part("note"), async () => take(await sendJSON("PUT", "/api/sound", chosen)));
  if (!isKept) return;
  tell(part("note"), word("kept"));
  setTimeout(look, OPEN_MS); // by then the device is open, or there is a reason why it is not
});
part("form").addEventListener("submit", (event) => event.preventDefault());
act("look").addEventListener("click", look);
act("tone").addEventListener("click", async () => {
  tell(part("note"), "…");
  await attempt(part("note"), async () => {
    const { ok, detail } = await postJSON("/api/sound/tone", {});
    tell(part("note"), ok ? word("tone") : detail, ok);
  });
});
act("sentence").addEventListener("click", async () => {
  const { text, lang } = act("sentence").dataset;
  await attempt(part("note"), async () => {
    const { detail } = await postJSON("/api/say", { text, lang });
    tell(part("note"), detail || word("queued"), !detail);
  });
});
for (const action of ["mute", "unmute"]) {
  act(action).addEventListener("click", async () => {
    await attempt(part("note"), async () => {
      const { status } = await postJSON("/api/control", { action });
      take({ ...state, muted: status.muted, volume: status.volume });
      act(action === "mute" ? "unmute" : "mute").focus();
    });
  });
}
draw();
look();
