// The lines of Puppet Mode with their delivery to the robot and to the loudspeaker.

import { say, sayReason } from "../ttsmonitor/live.js";
import { part, shortTime, showFace, showState } from "./shared.js";

const MOST = 30;
const list = document.getElementById("lines");
const mould = document.getElementById("line-template").content.firstElementChild;

/** Show a line as it is now. True where it is a new one. */
export function showLine(line) {
  const known = list.querySelector(`[data-line="${CSS.escape(line.id)}"]`);
  const row = known ?? add(line);
  part(row, "time").dateTime = line.at;
  part(row, "time").textContent = shortTime(line.at);
  if (showWay(row.querySelector("[data-way=robot]"), line.robot_way, say(line.robot_error)))
    row.dataset.robot = line.robot;
  if (showWay(row.querySelector("[data-way=speech]"), line.speech_way, sayReason(line, "error"))) {
    tellOutcome(line, known);
    row.dataset.state = line.state;
    showState(part(row, "state"), line.state);
  }
  return !known;
}

/** Drop the lines that are none of these any more: they were deleted. */
export function dropOthers(lines) {
  const there = new Set(lines.map((line) => line.id));
  for (const row of [...list.children]) if (!there.has(row.dataset.line)) row.remove();
  document.getElementById("lines-empty").hidden = list.children.length > 0;
}

function add(line) {
  const row = mould.cloneNode(true);
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

// Answers and events overtake one another; a way never goes back. True where it was shown.
function showWay(place, way, why) {
  if (!way || way.rank < Number(place.dataset.rank)) return false;
  place.dataset.rank = way.rank;
  place.hidden = false;
  part(place, "steps").replaceChildren(...way.steps.map(step));
  part(place, "reason").textContent = why;
  return true;
}

function step({ name, is }) {
  const made = document.createElement("li");
  made.className = `step is-${is} step-${name}`;
  if (is === "now") made.ariaCurrent = "step";
  made.textContent = say(name);
  return made;
}

// For whoever hears the page: the end of a line, not each of its steps.
function tellOutcome(line, known) {
  const isOver = line.speech_way.steps.every(({ is }) => is === "done" || is === "end");
  if (!known || !isOver || line.state === known.dataset.state) return;
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
