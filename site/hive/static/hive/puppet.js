// Puppet Mode: what is typed is said, and each line shows what became of it.

import { connect, postJSON, say } from "../ttsmonitor/live.js";
import { part, shortTime, showSpeech, showState } from "./shared.js";

const LINES = 30;
const PHRASES = 12;
const deviceId = JSON.parse(document.getElementById("device-id").textContent);
const api = `/api/robots/${encodeURIComponent(deviceId)}`;
const form = document.getElementById("talk");
const text = document.getElementById("text");
const lines = document.getElementById("lines");
const phrases = document.getElementById("phrases");

// Speaking

async function speak(words) {
  tell("", "");
  if (!words.trim()) {
    tell(say("There is nothing to say yet."), "");
    return false;
  }
  const mood = form.elements.mood.value;
  const intensity = Number(form.elements.intensity.value);
  return attempt(async () => {
    const answer = await postJSON(`${api}/speak`, { text: words, mood, intensity });
    tell("", answer.detail);
    showLine(answer.line);
  });
}

async function speakTyped() {
  const words = text.value;
  text.value = "";
  count();
  // Said already, for whoever types on; back again where that failed.
  if (!(await speak(words)) && !text.value) text.value = words;
  count();
}

async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    tell(error.detail ?? String(error), "");
    return false;
  }
}

const interrupt = () =>
  attempt(async () => {
    const answer = await postJSON(`${api}/interrupt`, {});
    tell("", answer.detail || say("Interrupted."));
  });

const wakeUp = () =>
  attempt(async () => {
    const answer = await postJSON(`${api}/wakeup`, {});
    tell("", answer.detail || say("The robot was woken up."));
  });

const setPuppet = (enabled) =>
  attempt(async () => showRobot(await postJSON(`${api}/puppet`, { enabled })));

// Showing

function tell(problem, notice) {
  for (const [id, words] of [["problem", problem], ["notice", notice]]) {
    const place = document.getElementById(id);
    place.textContent = words;
    place.hidden = !words;
  }
}

function count() {
  const limit = text.maxLength.toLocaleString(document.documentElement.lang);
  document.getElementById("count").textContent = say("{count} of {limit} characters", {
    count: text.value.length.toLocaleString(document.documentElement.lang),
    limit,
  });
}

function showRobot(robot) {
  const head = document.getElementById("robot");
  head.classList.toggle("is-online", robot.online);
  part(head, "name").textContent = robot.name;
  showState(part(head, "online"), robot.online ? "online" : "offline");
  const reported = part(head, "puppet-state");
  reported.textContent = robot.puppet_state ? say(robot.puppet_state) : "";
  reported.hidden = !robot.puppet_state;
  const percent = Math.round(100 * (robot.battery ?? 0));
  part(head, "battery").textContent = robot.battery === null ? "" : say("battery {percent} %", { percent });
  document.getElementById("start").hidden = robot.puppet_mode;
  document.getElementById("stop").hidden = !robot.puppet_mode;
  document.getElementById("hint-offline").hidden = robot.online;
  document.getElementById("hint-stopped").hidden = !robot.online || robot.puppet_mode;
}

// Answers and events overtake one another; a line never goes back.
const ORDER = { waiting: 0, sent: 1, queued: 2, playing: 3 };
const rank = (state) => ORDER[state] ?? 4;

function showLine(line) {
  let row = lines.querySelector(`[data-line="${CSS.escape(line.id)}"]`);
  if (!row) {
    row = document.getElementById("line-template").content.firstElementChild.cloneNode(true);
    row.dataset.line = line.id;
    row.classList.add("is-new");
    part(row, "text").textContent = line.text;
    const face = part(row, "face");
    const mood = line.mood || "neutral";
    face.setAttribute("href", face.getAttribute("href").replace(/#.*/, `#${mood}`));
    part(row, "mood").textContent = say(mood);
    lines.prepend(row);
    while (lines.children.length > LINES) lines.lastElementChild.remove();
    document.getElementById("lines-empty").hidden = true;
    addPhrase(line.text);
  } else if (rank(line.state) < rank(row.dataset.state)) {
    return;
  }
  row.dataset.state = line.state;
  part(row, "time").dateTime = line.at;
  part(row, "time").textContent = shortTime(line.at);
  showState(part(row, "state"), line.state);
  part(row, "error").textContent = line.error ? say(line.error) : "";
}

function addPhrase(words) {
  for (const button of [...phrases.children]) if (button.textContent === words) button.remove();
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-soft";
  button.dataset.phrase = "";
  button.textContent = words;
  phrases.prepend(button);
  while (phrases.children.length > PHRASES) phrases.lastElementChild.remove();
  document.getElementById("phrases-card").hidden = false;
}

function showAll(snapshot) {
  showRobot(snapshot.robot);
  showSpeech(snapshot.speech);
  [...snapshot.lines].reverse().forEach(showLine);
}

// Hands

form.addEventListener("submit", (event) => {
  event.preventDefault();
  speakTyped();
});
text.addEventListener("keydown", (event) => {
  // isComposing: Enter that ends an accent or a suggestion is not meant for us.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  speakTyped();
});
text.addEventListener("input", count);
form.elements.intensity.addEventListener("input", (event) => {
  const percent = Math.round(100 * event.target.value);
  document.getElementById("intensity-shown").textContent = `${percent} %`;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || document.querySelector(".dropdown-menu.show")) return;
  event.preventDefault();
  interrupt();
});
document.getElementById("interrupt").addEventListener("click", interrupt);
document.getElementById("wakeup").addEventListener("click", wakeUp);
document.getElementById("start").addEventListener("click", () => setPuppet(true));
document.getElementById("stop").addEventListener("click", () => setPuppet(false));
phrases.addEventListener("click", (event) => {
  const button = event.target.closest("[data-phrase]");
  if (button) speak(button.textContent);
});
lines.addEventListener("click", (event) => {
  const row = event.target.closest("[data-again]")?.closest("[data-line]");
  if (row) speak(part(row, "text").textContent);
});

count();
connect(`/ws/puppet/${encodeURIComponent(deviceId)}/`, {
  onEvent(event) {
    if (event.type === "snapshot") showAll(event);
    else if (event.type === "robot") showRobot(event.robot);
    else if (event.type === "line") showLine(event.line);
    else if (event.type === "speech") showSpeech(event.speech);
  },
  onStale(stale) {
    document.getElementById("stale").hidden = !stale;
  },
  askAgainSeconds: 30,
});
