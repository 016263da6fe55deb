// The guide: what is done shows by itself, commands are copied, and the first sentence is followed.
import { getJSON, postJSON, say } from "../live.js";

const LOOK_MS = 1500;
const FOLLOW_MS = 400;
const LATE_MS = 8000; // after that, the page says what may be wrong
const OVER = ["spoken", "interrupted", "skipped", "expired", "failed"];

const at = (id) => document.getElementById(id);
const name = at("guide").dataset.step;

// The steps that are done

function showDone(done) {
  for (const step of document.querySelectorAll(".guide-step")) {
    step.classList.toggle("is-done", done.includes(step.dataset.step));
  }
  if (!at("next-step")) return;
  const isDone = done.includes(name);
  at("next-step").hidden = !isDone;
  at("skip-step").hidden = isDone;
}

function showRobot({ hive, openmoxie }) {
  at("way-alone").hidden = at("way-simulated").hidden = !hive;
  const state = at("openmoxie-state");
  state.classList.toggle("is-good", openmoxie);
  state.querySelector(".if-waiting").hidden = openmoxie;
  state.querySelector(".if-connected").hidden = !openmoxie;
}

async function look() {
  if (!document.hidden) {
    try {
      const state = await getJSON("/api/setup");
      showDone(state.done);
      if (name === "robot") showRobot(state);
    } catch {
      // The next look may succeed.
    }
  }
  setTimeout(look, LOOK_MS);
}

if (["voice", "robot"].includes(name)) look();

// Commands

const folder = at("folder");
if (folder) {
  const lines = [...document.querySelectorAll(".command-line code")].map((code) => [code, code.textContent]);
  folder.addEventListener("input", () => {
    const chosen = folder.value.trim() || folder.dataset.default;
    for (const [code, line] of lines) code.textContent = line.replaceAll(folder.dataset.default, () => chosen);
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const code = button.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.classList.add("is-done");
    setTimeout(() => button.classList.remove("is-done"), 2000);
  } catch {
    getSelection().selectAllChildren(code); // not allowed over plain HTTP
  }
});

// The first sentence

let said = 0; // the newest attempt; answers about earlier ones are dropped

async function greet() {
  const attempt = (said += 1);
  const begun = Date.now();
  tell("", say("Moxie is about to speak…"));
  at("heard").hidden = true;
  try {
    const { id } = await postJSON("/api/setup/hello", { lang: at("say-hello").dataset.lang });
    for (;;) {
      const state = await getJSON(`/api/setup/hello/${id}`);
      if (attempt !== said) return;
      show(state, Date.now() - begun > LATE_MS);
      if (OVER.includes(state.status)) return;
      await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
    }
  } catch (error) {
    if (attempt === said) tell("is-bad", error.detail ?? String(error));
  }
}

function show({ status, obstacles }, isLate) {
  const isSpoken = status === "spoken";
  at("heard").hidden = !isSpoken;
  if (isSpoken) at("heard").scrollIntoView({ block: "nearest" });
  if (isSpoken && !obstacles.length) tell("is-good", say("Moxie has said it."));
  else if (isSpoken) tell("is-bad", say("Moxie has said it, but you may not have heard it:"), obstacles);
  else if (OVER.includes(status)) tell("is-bad", say("Moxie did not say it:"), obstacles);
  else if (status === "playing") tell("", say("Moxie is speaking…"), obstacles);
  else if (isLate) tell("is-bad", say("Nothing is heard yet:"), obstacles);
  else tell("", say("Moxie is about to speak…"), obstacles);
}

function tell(kind, words, obstacles = []) {
  at("hello-state").className = `answer text-start ${kind}`;
  at("hello-state").hidden = false;
  if (at("hello-words").textContent !== words) at("hello-words").textContent = words;
  at("obstacles").replaceChildren(...obstacles.map(item));
}

function item({ text, action, value, label, url }) {
  const row = at("obstacle").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-part='text']").textContent = text;
  const [button, link] = row.querySelectorAll("button, a");
  button.hidden = !action;
  link.hidden = !url;
  button.textContent = link.textContent = label;
  if (url) link.href = url;
  button.addEventListener("click", async () => {
    try {
      await postJSON("/api/control", value === null ? { action } : { action, value });
      greet();
    } catch (error) {
      tell("is-bad", error.detail ?? String(error));
    }
  });
  return row;
}

at("say-hello")?.addEventListener("click", greet);
