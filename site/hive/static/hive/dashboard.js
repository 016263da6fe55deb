// The dashboard: the robots, those that wait for approval, and the state of the loudspeaker.

import { connect, postJSON, say } from "../ttsmonitor/live.js";
import { clock } from "../ttsmonitor/times.js";
import { dateTime, part, showSpeech, showState } from "./shared.js";

const at = (id) => document.getElementById(id);
const lists = { approved: at("robots"), waiting: at("waiting"), refused: at("refused") };
const templates = { approved: at("robot-template"), waiting: at("undecided-template"), refused: at("undecided-template") };
let admission = JSON.parse(at("admission").textContent);
let closing = 0;

// Showing

const rows = () => Object.values(lists).flatMap((list) => [...list.children]);
const find = (id) => rows().find((row) => row.dataset.robot === id);

function row(robot) {
  const list = lists[robot.approval];
  const known = find(robot.device_id);
  if (known?.parentElement === list) return known;
  known?.remove();
  const made = templates[robot.approval].content.firstElementChild.cloneNode(true);
  made.dataset.robot = robot.device_id;
  part(made, "id").textContent = robot.device_id;
  if (robot.approval === "approved") link(made, robot.device_id);
  if (robot.approval === "waiting") at("news").textContent = say("{name} waits for approval.", { name: robot.name });
  return list.appendChild(made);
}

function link(card, id) {
  const page = `/puppet/${encodeURIComponent(id)}/`;
  part(card, "link").href = page;
  part(card, "speak").href = page;
  const settings = part(card, "settings");
  if (settings) settings.search = new URLSearchParams({ q: id });
}

function showRobot(robot) {
  const shown = row(robot);
  showState(part(shown, "online"), robot.online ? "online" : "offline");
  part(shown, "seen").textContent = robot.online ? "" : seen(robot);
  if (robot.approval === "approved") {
    shown.classList.toggle("is-online", robot.online);
    part(shown, "link").textContent = robot.name;
    part(shown, "puppet").hidden = !robot.puppet_mode;
  } else {
    part(shown, "name").textContent = robot.name;
  }
  showUndecided();
}

function seen(robot) {
  if (!robot.last_seen) return say("never seen");
  return say("last seen {time}", { time: dateTime(robot.last_seen) });
}

function drop(id) {
  find(id)?.remove();
  showUndecided();
}

function showUndecided() {
  const waiting = lists.waiting.children.length;
  const refused = lists.refused.children.length;
  at("undecided").hidden = waiting + refused === 0;
  at("waiting-note").hidden = waiting === 0;
  at("no-access").hidden = refused === 0;
  part(at("no-access"), "count").textContent = refused;
  if (at("forget-all")) at("forget-all").hidden = waiting < 2;
  const isFull = waiting >= admission.most_waiting && admission.turned_away > 0;
  at("full").hidden = !isFull;
  at("full").textContent = isFull
    ? say("No more than {limit} robots may wait. Turned away: {count}", { limit: admission.most_waiting, count: admission.turned_away })
    : "";
  at("welcome").hidden = rows().length > 0;
}

function showAdmission(state) {
  admission = state;
  clearTimeout(closing);
  const until = state.open_until ? new Date(state.open_until) : null;
  // The clocks of browser and server may differ, and so the server says when it is over.
  if (until) closing = setTimeout(() => live.send({ type: "snapshot" }), Math.max(until - Date.now(), 1000) + 500);
  const time = until && clock.format(until);
  part(at("open"), "words").textContent = {
    ask: () => "",
    minute: () => say("New robots are let in without asking until {time}.", { time }),
    always: () => say("New robots are let in without asking."),
  }[state.mode]();
  at("open").hidden = state.mode === "ask";
  if (at("allow-new")) at("allow-new").hidden = state.mode !== "ask";
  if (at("end-allow-new")) at("end-allow-new").hidden = state.mode !== "minute";
  showUndecided();
}

function showAll(snapshot) {
  const there = new Set(snapshot.robots.map((robot) => robot.device_id));
  for (const shown of rows()) if (!there.has(shown.dataset.robot)) shown.remove();
  snapshot.robots.forEach(showRobot);
  showAdmission(snapshot.admission);
  showSpeech(snapshot.speech);
}

// Deciding

async function attempt(action) {
  at("problem").hidden = true;
  try {
    await action();
  } catch (error) {
    at("problem").textContent = error.detail ?? String(error);
    at("problem").hidden = false;
  }
}

const post = (id, action) => postJSON(`/api/robots/${encodeURIComponent(id)}/${action}`, {});

async function decide(shown, action) {
  const id = shown.dataset.robot;
  const question = "Revoke {name}'s access? It no longer gets settings, and nothing it says is heard.";
  const isApproved = shown.parentElement === lists.approved;
  if (isApproved && !confirm(say(question, { name: part(shown, "link").textContent }))) return;
  const robot = await post(id, action);
  if (action === "forget") drop(id);
  else showRobot(robot);
  // The clicked button is gone: move the keyboard focus to the next one.
  (lists.waiting.querySelector("[data-action]") ?? lists.approved.querySelector("a"))?.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  if (button) attempt(() => decide(button.closest("[data-robot]"), button.dataset.action));
});

at("forget-all")?.addEventListener("click", () =>
  attempt(async () => {
    for (const { dataset } of [...lists.waiting.children]) {
      await post(dataset.robot, "forget");
      drop(dataset.robot);
    }
  }),
);

const allowNew = (enabled) => attempt(async () => showAdmission(await postJSON("/api/admission", { enabled })));

at("allow-new")?.addEventListener("click", () => allowNew(true));
at("end-allow-new")?.addEventListener("click", () => allowNew(false));

at("copy").addEventListener("click", async () => {
  const command = at("simulator");
  try {
    await navigator.clipboard.writeText(command.textContent);
  } catch {
    getSelection().selectAllChildren(command); // not allowed over plain HTTP
  }
});

const live = connect("/ws/hive/", {
  onEvent(event) {
    if (event.type === "snapshot") showAll(event);
    else if (event.type === "robot") showRobot(event.robot);
    else if (event.type === "gone") drop(event.device_id);
    else if (event.type === "admission") showAdmission(event.admission);
    else if (event.type === "speech") showSpeech(event.speech);
  },
  askAgainSeconds: 30,
});
showAdmission(admission);
