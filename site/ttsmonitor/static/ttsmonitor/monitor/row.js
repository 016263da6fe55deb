// A row of the transcript, and of the queue.
import { robotLabel, setFact, setText, sourceLabel, timeLabel, timeOfDay } from "../format.js";
import { say, sayReason } from "../live.js";

const UNFINISHED = new Set(["receiving", "queued", "playing"]);

/** Return true if it is known what became of an utterance. */
export const isFinished = ({ status }) => !UNFINISHED.has(status);

/** Fill `row`, a copy of one of the page's templates. */
export function fill(row, utterance) {
  const part = (name) => row.querySelector(`[data-part="${name}"]`);
  row.dataset.id = utterance.id;
  row.dataset.received = utterance.received_at;
  setText(part("text"), utterance.text);
  if (utterance.lang) part("text").lang = utterance.lang;
  part("time").dateTime = utterance.received_at;
  // In the transcript the day stands above.
  setText(part("time"), (part("state") ? timeOfDay : timeLabel)(utterance.received_at));
  setText(part("source"), sourceLabel(utterance.source));
  setFact(part("robot"), robotLabel(utterance));
  if (part("state")) fillOutcome(row, part, utterance);
  if (part("urgent")) part("urgent").hidden = utterance.priority !== "high";
  return row;
}

function fillOutcome(row, part, utterance) {
  const { status, error } = utterance;
  row.dataset.source = utterance.source;
  row.dataset.device_id = utterance.device_id;
  row.dataset.status = status;
  part("state").className = `state state-${status}`;
  setText(part("state"), say(status));
  setFact(part("translation"), utterance.translation);
  setText(part("error"), error === status ? "" : sayReason(utterance, "error"));
}
