// A conversation without a robot: the visitor types the child's sentences.

import { connect, postJSON, say, sayReason } from "../ttsmonitor/live.js";
import { bindInput, part, shortTime, showSpeech, showState } from "./shared.js";

const LINES = 60;
const visit = JSON.parse(document.getElementById("visit").textContent);
let modules = JSON.parse(document.getElementById("modules").textContent);
const api = `/api/chat/${visit}`;
const form = document.getElementById("talk");
const text = document.getElementById("text");
const lines = document.getElementById("lines");
const choice = document.getElementById("module");

// Talking

async function attempt(action) {
  tell("");
  try {
    await action();
    return true;
  } catch (error) {
    tell(error.detail ?? String(error));
    return false;
  }
}

const ask = (fields) =>
  attempt(async () => {
    const { line } = await postJSON(api, { ...fields, module: Number(choice.value) });
    if (line) showLine(line);
  });

async function sendTyped() {
  const words = text.value;
  if (!words.trim()) {
    tell(say("There is nothing to say yet."));
    return;
  }
  text.value = "";
  if (!(await ask({ text: words })) && !text.value) text.value = words;
}

async function begin() {
  lines.replaceChildren();
  text.focus();
  await ask({ command: "prompt" });
  live.send({ type: "snapshot" }); // takes away what a late event has put back meanwhile
}

const interrupt = () => attempt(() => postJSON(`${api}/interrupt`, {}));

// Showing

function tell(problem) {
  const place = document.getElementById("problem");
  place.textContent = problem;
  place.hidden = !problem;
}

// Answers and events may overtake one another; a line never returns to an earlier state.
const ORDER = { "": 0, making: 1, waiting: 2, sent: 3, queued: 4, playing: 5 };
const rank = (state) => ORDER[state] ?? 6;

function showLine(line) {
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 40;
  let row = lines.querySelector(`[data-line="${CSS.escape(line.id)}"]`);
  if (!row) {
    row = document.getElementById("line-template").content.firstElementChild.cloneNode(true);
    row.dataset.line = line.id;
    row.dataset.state = "";
    row.className = `chat-line is-${line.who}`;
    part(row, "who").textContent = `${line.who === "child" ? say("You") : "Moxie"}:`;
    lines.append(row);
    while (lines.children.length > LINES) lines.firstElementChild.remove();
    document.getElementById("lines-empty").hidden = true;
  }
  const words = part(row, "text");
  const isNewer = rank(line.state) >= rank(row.dataset.state);
  if (isNewer || line.text.length > words.textContent.length) words.textContent = line.text;
  if (isNewer) showOutcome(row, line);
  if (atEnd) lines.scrollTop = lines.scrollHeight;
}

function showOutcome(row, line) {
  row.dataset.state = line.state;
  part(row, "time").dateTime = line.at;
  part(row, "time").textContent = shortTime(line.at);
  part(row, "state").hidden = !line.state;
  if (line.state) showState(part(row, "state"), line.state);
  part(row, "note").textContent = line.note ? say(line.note) : "";
  const error = sayReason(line, "error");
  const isFallback = line.note === "fallback";
  part(row, "error").textContent = isFallback ? say("No answer of the language model: {error}", { error }) : error;
}

function showTalker() {
  const module = modules.find((each) => each.id === Number(choice.value));
  if (!module) return;
  const { talker, model } = module;
  document.getElementById("talker").textContent = {
    model: () => say("The language model {model} answers.", { model }),
    missing: () => say("The library openai is not installed, so a small scripted companion answers. script/setup installs it."),
    companion: () => say("No language model is configured, so a small scripted companion answers. Choose a model with HIVE_CHAT_MODEL."),
  }[talker]();
  text.lang = module.lang;
  lines.lang = module.lang;
}

function showAll(snapshot) {
  modules = snapshot.modules;
  showTalker();
  showSpeech(snapshot.speech);
  const there = new Set(snapshot.lines.map((line) => line.id));
  for (const row of [...lines.children]) if (!there.has(row.dataset.line)) row.remove();
  snapshot.lines.forEach(showLine);
  document.getElementById("lines-empty").hidden = lines.children.length > 0;
}

// Input

bindInput(form, sendTyped, interrupt);
document.getElementById("begin").addEventListener("click", begin);
choice.addEventListener("change", () => {
  showTalker();
  begin();
});

showTalker();
lines.scrollTop = lines.scrollHeight;
const live = connect(`/ws/chat/${visit}/`, {
  onEvent(event) {
    if (event.type === "snapshot") showAll(event);
    else if (event.type === "chat") showLine(event.line);
    else if (event.type === "forgotten") live.send({ type: "snapshot" });
    else if (event.type === "speech") showSpeech(event.speech);
  },
  askAgainSeconds: 30,
});
