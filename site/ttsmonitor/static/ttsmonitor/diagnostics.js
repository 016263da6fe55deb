// The diagnostics: updates the page rendered by the server with the monitor's events.
import "./charts.js";
import { connect } from "./live.js";
import { addActivity, drawActivity, drawLamps, drawStats } from "./figures.js";

const FIGURES_MS = 1000;

function drawFigures({ stats, health }) {
  drawStats(stats);
  drawLamps({ health });
}

const draw = {
  snapshot(event) {
    drawLamps({ status: event.status });
    drawActivity(event.activity);
    drawFigures(event);
  },
  figures: drawFigures,
  status(event) {
    drawLamps({ status: event.status });
    askForFigures();
  },
  utterance: askForFigures,
  forgotten: askForFigures,
  activity(event) {
    addActivity(event.entry);
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

const live = connect("/ws/monitor/", {
  askAgainSeconds: 30,
  onEvent: (event) => draw[event.type]?.(event),
});
