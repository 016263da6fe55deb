// The lines of Puppet Mode with their delivery to the robot and to the loudspeaker.

import { say, sayReason } from "../ttsmonitor/live.js";
import { part, shortTime, showFace, showState } from "./shared.js";

const MOST = 30;
const list = document.getElementById("lines");
const template = document.getElementById("line-template").content.firstElementChild;

// Answers and events may overtake one another; neither delivery returns to an earlier state.
const ORDER = { waiting: 0, sent: 1, queued: 2, playing: 3 };
const ROBOT_ORDER = { "": 0, sent: 1, speaking: 2, interrupted: 3, unconfirmed: 3 };
const rank = (state) => ORDER[state] ?? 4;
const robotRank = (state) => ROBOT_ORDER[state] ?? 4;
const isOld = (line, row) =>
  rank(line.state) < rank(row.dataset.state) || robotRank(line.robot) < robotRank(row.dataset.robot);

/** Show a line in its current state. Return true if it is new. */
export function showLine(line) {
  const known = list.querySelector(`[data-line="${CSS.escape(line.id)}"]`);
  if (known && isOld(line, known)) return false;
  const row = known ?? add(line);
  tellOutcome(line, known);
  row.dataset.state = line.state;
  row.dataset.robot = line.robot;
  part(row, "time").dateTime = line.at;
  part(row, "time").textContent = shortTime(line.at);
  showState(part(row, "state"), line.state);
  showDelivery(row.querySelector("[data-delivery=robot]"), line.robot_way, say(line.robot_error));
  showDelivery(row.querySelector("[data-delivery=speech]"), line.speech_way, sayReason(line, "error"));
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
  showFace(row, line);
  part(row, "mood").textContent = say(line.mood);
  list.prepend(row);
  while (list.children.length > MOST) list.lastElementChild.remove();
  document.getElementById("lines-empty").hidden = true;
  return row;
}

function showDelivery(place, delivery, why) {
  place.hidden = !delivery;
  if (!delivery) return;
  part(place, "steps").replaceChildren(...delivery.steps.map(step));
  part(place, "reason").textContent = why;
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
  if (!known || rank(line.state) < 4 || line.state === known.dataset.state) return;
  const end = [say(line.state), sayReason(line, "error")].filter(Boolean).join(": ");
  document.getElementById("outcome").textContent = `${line.text} ${end}`;
}

/** Call `speak` with the phrase of a line when it is to be said again. */
export function onAgain(speak) {
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-again]")?.closest("[data-line]");
    if (!row) return;
    const { mood, intensity } = row.dataset;
    speak({ text: part(row, "text").textContent, mood, intensity: Number(intensity) });
  });
}
