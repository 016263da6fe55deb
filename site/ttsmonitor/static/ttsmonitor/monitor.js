// The live monitor: updates the page rendered by the server with its events.
import "./charts.js";
import { byId, number } from "./format.js";
import "./listen.js";
import { connect, say } from "./live.js";
import { drawControls, whenAnswered } from "./monitor/controls.js";
import { addActivity, drawActivity, drawLamps, drawStats } from "./monitor/figures.js";
import "./monitor/keys.js";
import { drawNow, drawProgress } from "./monitor/now.js";
import "./monitor/phrase.js";
import { drawQueue } from "./monitor/queue.js";
import { drawRecent, drawUtterance, reload } from "./monitor/stream.js";

const FIGURES_MS = 1000;
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
  byId("queue-size").textContent = number.format(status.queue_size);
  drawNow(status);
  drawControls(status);
  drawLamps({ status });
}

function drawFigures({ queue, stats, health }) {
  drawQueue(queue);
  drawStats(stats);
  drawLamps({ health });
}

const draw = {
  snapshot(event) {
    drawStatus(event.status);
    drawProgress(event.progress);
    drawRecent(event.recent, event.status.timestamp);
    drawActivity(event.activity);
    drawFigures(event);
  },
  figures: drawFigures,
  status(event) {
    drawStatus(event.status);
    askForFigures();
  },
  utterance(event) {
    drawUtterance(event.utterance);
    askForFigures();
  },
  progress(event) {
    if (!drawProgress(event)) live.send({ type: "progress" });
  },
  activity(event) {
    addActivity(event.entry);
  },
  queue() {
    askForFigures();
  },
  forgotten() {
    reload();
    askForFigures();
  },
};

// Sums and checks are asked for at most once a second, however many events come.
let asking = 0;
function askForFigures() {
  asking ||= setTimeout(
    () => {
      asking = 0;
      live.send({ type: "figures" });
    },
    FIGURES_MS * (0.75 + Math.random() / 2), // not all pages at the same moment
  );
}

whenAnswered(drawStatus);
const live = connect("/ws/monitor/", {
  askAgainSeconds: 30,
  onEvent: (event) => draw[event.type]?.(event),
  onStale: (stale) => (byId("stale").hidden = !stale),
});
