// A row of the stream, and of the queue.
import { milliseconds, robotLabel, setFact, setText, short, sourceLabel, timeLabel } from "../format.js";
import { say, sayReason } from "../live.js";

const UNFINISHED = new Set(["receiving", "queued", "playing"]);

/** Fill `row`, a copy of one of the page's templates. */
export function fill(row, utterance) {
  const part = (name) => row.querySelector(`[data-part="${name}"]`);
  row.dataset.id = utterance.id;
  row.dataset.received = utterance.received_at;
  setText(part("text"), utterance.text);
  if (utterance.lang) part("text").lang = utterance.lang;
  part("time").dateTime = utterance.received_at;
  setText(part("time"), timeLabel(utterance.received_at));
  setText(part("source"), sourceLabel(utterance.source));
  setFact(part("robot"), robotLabel(utterance));
  if (part("state")) fillOutcome(row, part, utterance);
  if (part("urgent")) part("urgent").hidden = utterance.priority !== "high";
  return row;
}

function fillOutcome(row, part, utterance) {
  const { status, first_audio_ms: first, audio_seconds: seconds, error } = utterance;
  row.dataset.source = utterance.source;
  row.dataset.device_id = utterance.device_id;
  row.dataset.status = status;
  part("state").className = `state state-${status}`;
  setText(part("state"), say(status));
  setFact(part("translation"), utterance.translation);
  setFact(part("voice"), utterance.engine);
  setFact(part("first"), first === null ? "" : milliseconds(first));
  setFact(part("length"), seconds ? say("{count} s", { count: short.format(seconds) }) : "");
  setText(part("error"), error === status ? "" : sayReason(utterance, "error"));
  row.querySelector("[data-replay]").hidden = UNFINISHED.has(status);
}
