// Robots that connect, to be let in and named.

import { connect, postJSON, say } from "../ttsmonitor/live.js";
import { part, showState } from "./shared.js";

const at = (id) => document.getElementById(id);
const list = at("met");
const template = at("met-template");
const simulated = JSON.parse(at("simulated-id").textContent);

const find = (id) => [...list.children].find((row) => row.dataset.robot === id);

function make(robot) {
  const row = template.content.firstElementChild.cloneNode(true);
  row.dataset.robot = robot.device_id;
  part(row, "simulated").hidden = robot.device_id !== simulated;
  list.prepend(row); // the newest one is the one that is waited for
  return row;
}

function show(robot) {
  if (robot.approval === "refused") return drop(robot.device_id);
  const row = find(robot.device_id) ?? make(robot);
  const isNew = row.dataset.approval !== robot.approval;
  const isIn = robot.approval === "approved";
  row.dataset.approval = robot.approval;
  part(row, "name").textContent = robot.name;
  showState(part(row, "online"), robot.online ? "online" : "offline");
  row.querySelector("button[data-action]").hidden = isIn;
  row.querySelector("form").hidden = !isIn;
  if (isNew && !isIn) at("news").textContent = say("{name} waits for approval.", { name: robot.name });
  showNobody();
}

function drop(id) {
  find(id)?.remove();
  showNobody();
}

function showNobody() {
  at("nobody").hidden = list.children.length > 0;
}

async function post(row, action, body) {
  at("problem").hidden = true;
  try {
    show(await postJSON(`/api/robots/${encodeURIComponent(row.dataset.robot)}/${action}`, body));
    return true;
  } catch (error) {
    at("problem").textContent = error.detail ?? String(error);
    at("problem").hidden = false;
    return false;
  }
}

list.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-action='approve']");
  if (!button) return;
  const row = button.closest("[data-robot]");
  if (await post(row, "approve", {})) row.querySelector("input").focus();
});

list.addEventListener("submit", async (event) => {
  event.preventDefault();
  const row = event.target.closest("[data-robot]");
  const name = event.target.elements.name.value;
  if (!(await post(row, "name", { name }))) return;
  at("saved").textContent = say("This robot is now called {name}.", { name: part(row, "name").textContent });
  at("saved").hidden = false;
});

connect("/ws/hive/", {
  onEvent(event) {
    if (event.type === "snapshot") {
      const there = new Set(event.robots.map((robot) => robot.device_id));
      for (const row of [...list.children]) if (!there.has(row.dataset.robot)) drop(row.dataset.robot);
      event.robots.forEach(show);
    } else if (event.type === "robot") show(event.robot);
    else if (event.type === "gone") drop(event.device_id);
  },
  askAgainSeconds: 30,
});
