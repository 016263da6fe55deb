// The dashboard: the robots and the state of the loudspeaker.

import { connect, say } from "../ttsmonitor/live.js";
import { dateTime, part, showSpeech, showState } from "./shared.js";

const list = document.getElementById("robots");
const template = document.getElementById("robot-template");

function card(robot) {
  const known = list.querySelector(`[data-robot="${CSS.escape(robot.device_id)}"]`);
  if (known) return known;
  const made = template.content.firstElementChild.cloneNode(true);
  made.dataset.robot = robot.device_id;
  const page = `/puppet/${encodeURIComponent(robot.device_id)}/`;
  part(made, "link").href = page;
  part(made, "speak").href = page;
  const settings = part(made, "settings");
  if (settings) settings.search = new URLSearchParams({ q: robot.device_id });
  part(made, "id").textContent = robot.device_id;
  return list.appendChild(made);
}

function showRobot(robot) {
  const shown = card(robot);
  shown.classList.toggle("is-online", robot.online);
  part(shown, "link").textContent = robot.name;
  showState(part(shown, "online"), robot.online ? "online" : "offline");
  part(shown, "seen").textContent = robot.online ? "" : seen(robot);
  part(shown, "puppet").hidden = !robot.puppet_mode;
  document.getElementById("welcome").hidden = true;
}

function seen(robot) {
  if (!robot.last_seen) return say("never seen");
  return say("last seen {time}", { time: dateTime(robot.last_seen) });
}

function showAll(snapshot) {
  const there = new Set(snapshot.robots.map((robot) => robot.device_id));
  for (const shown of [...list.children]) {
    if (!there.has(shown.dataset.robot)) shown.remove();
  }
  snapshot.robots.forEach(showRobot);
  document.getElementById("welcome").hidden = there.size > 0;
  showSpeech(snapshot.speech);
}

document.getElementById("copy").addEventListener("click", async () => {
  const command = document.getElementById("simulator");
  try {
    await navigator.clipboard.writeText(command.textContent);
  } catch {
    getSelection().selectAllChildren(command); // not allowed over plain HTTP
  }
});

connect("/ws/hive/", {
  onEvent(event) {
    if (event.type === "snapshot") showAll(event);
    else if (event.type === "robot") showRobot(event.robot);
    else if (event.type === "speech") showSpeech(event.speech);
  },
  onStale(stale) {
    document.getElementById("stale").hidden = !stale;
  },
  askAgainSeconds: 30,
});
