// The lines of Puppet Mode with their delivery to the robot and to the loudspeaker.

import { say, sayReason } from "../ttsmonitor/live.js";
import { part, shortTime, showFace, showState } from "./shared.js";

const MOST = 30;
const list = document.getElementById("lines");
const template = document.getElementById("line-template").content.firstElementChild;

/** Show a line in its current state. Return true if it is new. */
export function showLine(line) {
  const known = list.querySelector(`[data-line="${CSS.escape(line.id)}"]`);
  const row = known ?? add(line);
  part(row, "time").dateTime = line.at;
  part(row, "time").textContent = shortTime(line.at);
  if (showDelivery(row.querySelector("[data-delivery=robot]"), line.robot_way, say(line.robot_error)))
    row.dataset.robot = line.robot;
  if (showDelivery(row.querySelector("[data-delivery=speech]"), line.speech_way, sayReason(line, "error"))) {
    tellOutcome(line, known);
    row.dataset.state = line.state;
    showState(part(row, "state"), line.shown);
  }
  return !known;
}

/** Remove all other lines: they were deleted. */
export function dropOthers(lines) {
  const there = new Set(lines.map((line) => line.id));
  for (const row of [...list.children]) if (!there.has(row.dataset.line)) row.remove();
  document.getElementById("lines-empty").hidden = list.children.length > 0;
}

function add(line) {
  const row = template.cloneNode(true);
  row.dataset.line = line.id;
  row.classList.add("is-new");
  part(row, "text").textContent = line.text;
  if (line.lang) part(row, "text").lang = line.lang;
  row.dataset.lang = line.lang;
  row.dataset.voice = line.voice;
  showFace(row, line);
  part(row, "mood").textContent = say(line.mood);
  list.prepend(row);
  while (list.children.length > MOST) list.lastElementChild.remove();
  document.getElementById("lines-empty").hidden = true;
  return row;
}

// Answers and events may overtake one another; a delivery never goes back. Return true if shown.
function showDelivery(place, delivery, why) {
  if (!delivery || delivery.rank < Number(place.dataset.rank)) return false;
  place.dataset.rank = delivery.rank;
  place.hidden = false;
  part(place, "steps").replaceChildren(...delivery.steps.map(step));
  part(place, "reason").textContent = why;
  part(place, "reason").title = why;
  return true;
}

function step({ name, is }) {
  const made = document.createElement("li");
  made.className = `step is-${is} step-${name}`;
  if (is === "now") made.ariaCurrent = "step";
  made.textContent = say(name);
  return made;
}

// For screen readers: announce the outcome of a line, not each of its steps.
function tellOutcome(line, known) {
  const isOver = line.speech_way.steps.every(({ is }) => is === "done" || is === "end");
  if (!known || !isOver || line.state === known.dataset.state) return;
  const end = [say(line.shown), sayReason(line, "error")].filter(Boolean).join(": ");
  document.getElementById("outcome").textContent = `${line.text} ${end}`;
}

/** Call `speak` with the phrase of a line when it is to be said again. */
export function onAgain(speak) {
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-again]")?.closest("[data-line]");
    if (!row) return;
    const { mood, intensity, lang, voice } = row.dataset;
    speak({ text: part(row, "text").textContent, mood, intensity: Number(intensity), lang, voice });
  });
}
