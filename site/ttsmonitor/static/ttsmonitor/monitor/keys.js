// Keys for those who keep the page open; they stand in the dialog that "?" opens.
import { control, turnVolume } from "./controls.js";
import { byId } from "./format.js";

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
  "/": () => byId("filters").elements.q.focus(),
  "+": () => turnVolume(10),
  "-": () => turnVolume(-10),
  "?": () => dialog.showModal(),
};

function isTyping(element) {
  return element.closest("input:not([type=range]), textarea, select, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || dialog.open) return;
  const inPhrase = event.target === byId("phrase").elements.text;
  if (event.key === "Escape" && (inPhrase || !isTyping(event.target))) {
    if (document.querySelector(".dropdown-menu.show")) return;
    control({ action: "interrupt" });
  } else if (choice.checked && !isTyping(event.target) && ACTIONS[event.key.toLowerCase()]) {
    event.preventDefault();
    ACTIONS[event.key.toLowerCase()]();
  }
});

byId("keys-open").addEventListener("click", () => dialog.showModal());
byId("keys-close").addEventListener("click", () => dialog.close());
choice.addEventListener("change", () => {
  try {
    localStorage.setItem(KEPT, choice.checked ? "on" : "off");
  } catch {
    // A browser that keeps nothing: it is as it was the next time.
  }
});
try {
  choice.checked = localStorage.getItem(KEPT) !== "off";
} catch {
  // As it stands in the page.
}
