// Puppet Mode: the visitor types sentences, and each line shows its delivery.

import { connect, postJSON, say } from "../ttsmonitor/live.js";
import { dropOthers, onAgain, showLine } from "./lines.js";
import { split } from "./parts.js";
import { phrases } from "./phrases.js";
import { when } from "../ttsmonitor/times.js";
import { bindInput, number, part, showSpeech, showState } from "./shared.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const deviceId = read("device-id"); // empty: the loudspeaker alone
const limits = read("limits");
const api = deviceId ? `/api/robots/${encodeURIComponent(deviceId)}` : "/api/loudspeaker";
const form = document.getElementById("talk");
const text = document.getElementById("text");

// Speaking

async function speak(phrase) {
  tell("", "");
  const problem = validate(phrase.text);
  if (problem) {
    tell(problem, "");
    return false;
  }
  return attempt(async () => {
    const answer = await postJSON(`${api}/speak`, phrase);
    tell("", answer.detail);
    show(answer.line);
  });
}

function validate(words) {
  if (!words.trim()) return say("There is nothing to say yet.");
  const isLong = [...words.trim()].length > limits.characters;
  return isLong ? say("That is too long: {limit} characters at most.", { limit: number(limits.characters) }) : "";
}

async function speakTyped() {
  const words = text.value;
  const mood = form.elements.mood.value;
  const intensity = Number(form.elements.intensity.value);
  const [voice, lang] = [form.elements.voice.value, form.elements.lang.value];
  text.value = "";
  count();
  // Clear the field at once so that the visitor can type on; restore the text if it failed.
  if (!(await speak({ text: words, mood, intensity, voice, lang })) && !text.value) text.value = words;
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

const speakPhrase = (phrase) => speak({ ...phrase, voice: form.elements.voice.value });

const card = phrases({ speak: speakPhrase, attempt, longest: limits.favourite });

// Showing

function tell(problem, notice) {
  for (const [id, words] of [["problem", problem], ["notice", notice]]) {
    const place = document.getElementById(id);
    place.textContent = words;
    place.hidden = !words;
  }
}

function count() {
  const words = text.value.trim();
  const characters = [...words].length;
  const isLong = characters > limits.characters;
  const told = [say("{count} of {limit} characters", { count: number(characters), limit: number(limits.characters) })];
  if (characters > limits.part && !isLong) {
    const parts = number(split(words, limits.part).length);
    told.push(say("is sent in {parts} parts of at most {limit} characters", { parts, limit: number(limits.part) }));
  }
  const place = document.getElementById("count");
  place.textContent = told.join(" · ");
  place.classList.toggle("is-long", isLong);
  text.ariaInvalid = String(isLong);
}

function showRobot(robot) {
  if (!robot) return;
  if (robot.approval !== "approved") location.replace("/"); // its access was revoked
  const head = document.getElementById("robot");
  head.classList.toggle("is-online", robot.online);
  part(head, "name").textContent = robot.name;
  showState(part(head, "online"), robot.online ? "online" : "offline");
  const reported = part(head, "puppet-state");
  reported.textContent = robot.puppet_state ? say(robot.puppet_state) : "";
  reported.hidden = !robot.puppet_state;
  reported.title = reported.textContent;
  part(head, "asleep").hidden = !robot.online || robot.awake !== false;
  part(head, "battery-fact").hidden = robot.battery === null;
  const percent = number(Math.round(100 * (robot.battery ?? 0)));
  part(head, "battery").textContent = robot.battery === null ? "" : say("battery {percent} %", { percent });
  part(head, "since").textContent = since(robot);
  document.getElementById("start").hidden = robot.puppet_mode;
  document.getElementById("stop").hidden = !robot.puppet_mode;
  document.getElementById("hint-offline").hidden = robot.online;
  document.getElementById("hint-stopped").hidden = !robot.online || robot.puppet_mode;
  document.getElementById("hint-ready").hidden = !robot.online || !robot.puppet_mode;
}

function since({ online, connected_at: connected, last_seen: seen }) {
  if (online) return connected ? say("connected since {time}", { time: when(connected) }) : "";
  return seen ? say("last seen {time}", { time: when(seen) }) : say("never seen");
}

function show(line) {
  if (showLine(line)) card.said(line);
}

function showAll(snapshot) {
  showRobot(snapshot.robot);
  showSpeech(snapshot.speech);
  dropOthers(snapshot.lines);
  card.only(snapshot.recent);
  [...snapshot.lines].reverse().forEach(show);
  card.favourites(snapshot.favourites);
}

// Input

const on = (id, kind, action) => document.getElementById(id)?.addEventListener(kind, action);

bindInput(form, speakTyped, interrupt);
text.addEventListener("input", count);
on("intensity", "input", (event) => {
  document.getElementById("intensity-shown").textContent = `${number(Math.round(100 * event.target.value))} %`;
});
on("wakeup", "click", wakeUp);
on("start", "click", () => setPuppet(true));
on("stop", "click", () => setPuppet(false));
onAgain(speak);

count();
const live = connect(deviceId ? `/ws/puppet/${encodeURIComponent(deviceId)}/` : "/ws/loudspeaker/", {
  onEvent(event) {
    if (event.type === "snapshot") showAll(event);
    else if (event.type === "robot") showRobot(event.robot);
    else if (event.type === "line") show(event.line);
    else if (event.type === "forgotten") live.send({ type: "snapshot" });
    else if (event.type === "speech") showSpeech(event.speech);
    else if (event.type === "favourites") card.favourites(event.favourites);
  },
  askAgainSeconds: 30,
});
