// The status line of every page: the most urgent notice, with the button that mends it.
import { connect, postForm } from "./live.js";

const line = document.getElementById("status-line");
const notes = line ? [...line.querySelectorAll("[data-notice]")] : [];

let notices = [];
let isStale = false;

function draw() {
  const [first] = isStale ? [{ code: "stale" }] : notices;
  const code = first?.code ?? "";
  for (const note of notes) note.hidden = note.dataset.notice !== code;
  if (code === "robots") drawRobots(first.name);
}

// `name` is empty where there are several.
function drawRobots(name) {
  const words = line.querySelector("[data-one]");
  words.textContent = name ? words.dataset.one.replace("{name}", () => name) : words.dataset.all;
}

line?.addEventListener("click", ({ target }) => {
  if (target.closest("[data-reload]")) location.reload();
});

line?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { submitter } = event;
  const sending = postForm(event.target, submitter);
  submitter.disabled = true; // from here on: a form leaves out a disabled button
  try {
    await sending; // the line changes by an event
  } catch (error) {
    if (error.status) location.reload(); // such as a login that has ended
  } finally {
    submitter.disabled = false;
  }
});

if (line) {
  connect("/ws/notices/", {
    askAgainSeconds: 30,
    onEvent(event) {
      if (!event.notices) return;
      notices = event.notices;
      draw();
    },
    onStale(stale) {
      if (stale === isStale) return;
      isStale = stale;
      draw();
    },
  });
}
