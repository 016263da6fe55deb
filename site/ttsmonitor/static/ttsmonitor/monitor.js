// The live monitor: updates the page rendered by the server with its events.
import { byId } from "./format.js";
import "./listen.js";
import { connect, say } from "./live.js";
import { drawControls, whenAnswered } from "./monitor/controls.js";
import "./monitor/keys.js";
import { drawNow, drawProgress } from "./monitor/now.js";
import "./monitor/phrase.js";
import { drawQueue } from "./monitor/queue.js";
import { drawDays, drawRecent, drawUtterance, reload } from "./monitor/stream.js";

const QUEUE_MS = 250;
const LATE_MS = 10_000;

// An answer may arrive after an event with a later state.
let newestMs = 0;
function isOver(status) {
  const ms = Date.parse(status.timestamp);
  // If it is much older, the server's clock was changed.
  if (ms < newestMs && newestMs - ms < LATE_MS) return true;
  newestMs = ms;
  return false;
}

function drawStatus(status) {
  if (isOver(status)) return;
  byId("state").className = `state state-${status.status}`;
  byId("state").textContent = say(status.status);
  drawNow(status);
  drawControls(status);
}

const draw = {
  snapshot(event) {
    drawStatus(event.status);
    drawProgress(event.progress);
    drawRecent(event.recent, event.status.timestamp);
    drawQueue(event);
    drawDays();
  },
  waiting: drawQueue,
  status(event) {
    drawStatus(event.status);
    askForQueue();
  },
  utterance(event) {
    drawUtterance(event.utterance);
    askForQueue();
  },
  progress(event) {
    if (!drawProgress(event)) live.send({ type: "progress" });
  },
  queue() {
    askForQueue();
  },
  forgotten() {
    reload();
    askForQueue();
  },
};

// However many events come, the queue is asked for a few times a second.
let asking = 0;
function askForQueue() {
  asking ||= setTimeout(
    () => {
      asking = 0;
      live.send({ type: "waiting" });
    },
    QUEUE_MS * (0.75 + Math.random() / 2), // not all pages at the same moment
  );
}

whenAnswered(drawStatus);
const live = connect("/ws/monitor/", {
  askAgainSeconds: 30,
  onEvent: (event) => draw[event.type]?.(event),
});
