// Keyboard shortcuts. The dialog that "?" opens lists them.
import { byId } from "../format.js";
import { keep, kept } from "../storage.js";
import { control, turnVolume } from "./controls.js";

const KEPT = "moxie-keys";
const dialog = byId("keys");
const choice = byId("keys-on");

const click = (...ids) => ids.map(byId).find((button) => !button.hidden)?.click();
const ACTIONS = {
  k: () => click("pause", "resume"),
  s: () => control({ action: "skip" }),
  m: () => click("mute", "unmute"),
  r: () => document.querySelector("#stream [data-replay]:not([hidden])")?.click(),
  n: () => byId("phrase").elements.text.focus(),
  q: () => document.querySelector(".queue-open").click(),
  "/": () => {
    byId("filters").classList.add("show");
    byId("filters").elements.q.focus();
  },
  "+": () => turnVolume(10),
  "-": () => turnVolume(-10),
  "?": () => dialog.showModal(),
};

function isTyping(element) {
  return element.closest("input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]");
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
  const isWanted = choice.checked && !isTyping(event.target);
  const inPhrase = event.target === byId("phrase").elements.text;
  if (event.key === "Escape" && (inPhrase || isWanted)) {
    // It closes an open menu or drawer instead.
    if (!document.querySelector(".dropdown-menu.show, .offcanvas.show")) control({ action: "interrupt" });
  } else if (isWanted && ACTIONS[event.key.toLowerCase()]) {
    event.preventDefault();
    ACTIONS[event.key.toLowerCase()]();
  }
}

// Before Bootstrap, which closes its menus on this key.
document.addEventListener("keydown", onKey, { capture: true });

byId("keys-open").addEventListener("click", () => dialog.showModal());
byId("keys-close").addEventListener("click", () => dialog.close());
choice.addEventListener("change", () => keep("localStorage", KEPT, choice.checked ? "on" : "off"));
choice.checked = kept("localStorage", KEPT) !== "off";
