// The queue. It is reordered by buttons, Alt with the arrow keys, or dragging.
import { byId, number } from "../format.js";
import { getJSON, say } from "../live.js";
import { control, drawWaiting } from "./controls.js";
import { fill } from "./row.js";

const MOST_SHOWN = 200; // the server's QUEUE_SHOWN; the queue may have more

const list = byId("queue");
const counts = document.querySelectorAll("[data-queue-count]");
const template = byId("waiting").content.firstElementChild;

/** Draw the queue, the next one first, and how many wait. Rows that stay are the same elements. */
export function drawQueue({ queue: waiting, queue_count: count }) {
  const known = new Map([...list.children].map((row) => [row.dataset.id, row]));
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const rows = waiting.map((utterance) => {
    return fill(known.get(utterance.id) ?? template.cloneNode(true), utterance);
  });
  rows.forEach((row, index) => {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    row.querySelector("[data-move=up]").disabled = index === 0;
    row.querySelector("[data-move=down]").disabled = index >= rows.length - (isWhole(rows) ? 1 : 2);
  });
  while (list.children.length > rows.length) list.lastElementChild.remove();
  byId("queue-empty").hidden = rows.length > 0;
  byId("queue-more").hidden = count <= rows.length;
  byId("queue-more").textContent = say("The first {count} are shown.", { count: number.format(rows.length) });
  for (const place of counts) place.textContent = number.format(count);
  drawWaiting(count);
  if (focused && document.activeElement !== focused) refocus(focused);
}

// The page shows MOST_SHOWN rows at most, so it may not know what follows the last one.
const isWhole = (rows) => rows.length < MOST_SHOWN;

// A button that is moved loses the focus, and one that is disabled cannot have it.
function refocus(button) {
  const row = button.closest("li");
  const usable = row?.isConnected && [button, ...row.querySelectorAll("button")].find((each) => !each.disabled);
  (usable || list.querySelector("[data-remove]") || byId("queue-title")).focus();
}

function moveBefore(row, before) {
  if (before || isWhole(list.children)) move(row, before);
}

async function move(row, before) {
  if (!(await change({ action: "move", id: row.dataset.id, before: before?.dataset.id ?? null }))) return;
  const place = [...list.children].indexOf(row) + 1;
  if (place) announce(say("Number {count} in the queue", { count: number.format(place) }));
}

async function remove(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  const hadFocus = row.contains(document.activeElement);
  if (!(await change({ action: "remove", id: row.dataset.id }))) return;
  announce(say("Removed from the queue"));
  if (hadFocus) (next?.isConnected ? next.querySelector("[data-remove]") : byId("queue-title")).focus();
}

async function change(body) {
  const isDone = await control(body);
  try {
    const { queue, size } = await getJSON("/api/queue");
    drawQueue({ queue, queue_count: size });
  } catch {
    // The next figures include the queue.
  }
  return isDone;
}

function announce(text) {
  byId("queue-said").textContent = text;
}

function step(row, direction) {
  const other = direction === "up" ? row.previousElementSibling : row.nextElementSibling;
  if (other) moveBefore(row, direction === "up" ? other : other.nextElementSibling);
}

list.addEventListener("click", ({ target }) => {
  const row = target.closest("li");
  const button = target.closest("[data-move]");
  if (button) step(row, button.dataset.move);
  else if (target.closest("[data-remove]")) remove(row);
});

list.addEventListener("keydown", (event) => {
  const direction = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  if (!direction || !event.altKey) return;
  event.preventDefault();
  step(event.target.closest("li"), direction);
});

let dragged = null;
list.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("li");
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.querySelector("[data-part=text]").textContent);
  dragged.classList.add("is-dragged");
});
list.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest("li");
  if (!over || over === dragged) return;
  event.preventDefault();
  const { top, height } = over.getBoundingClientRect();
  mark(over, event.clientY < top + height / 2 ? "before" : "after");
});
list.addEventListener("drop", (event) => {
  const over = list.querySelector("[data-drop]");
  if (!over || !dragged) return;
  event.preventDefault();
  const before = over.dataset.drop === "before" ? over : over.nextElementSibling;
  if (before !== dragged && before !== dragged.nextElementSibling) moveBefore(dragged, before);
});
list.addEventListener("dragend", () => {
  dragged?.classList.remove("is-dragged");
  dragged = null;
  mark(null);
});

function mark(row, where) {
  for (const other of list.querySelectorAll("[data-drop]")) if (other !== row) delete other.dataset.drop;
  if (row) row.dataset.drop = where;
}
