// Shared code of the hive's pages.

import { say, sayReason } from "../ttsmonitor/live.js";
import { dateTime as write } from "../ttsmonitor/times.js";

export { when as shortTime } from "../ttsmonitor/times.js";

const LANGUAGE = document.documentElement.lang;

const UNCONFIRMED_WARNING =
  "Published sentences are not confirmed: both sides need the same topic, and the broker's ACL has to allow it.";

/** The element of `root` for this part of a template. */
export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/** A date and time. */
export const dateTime = (iso) => write(new Date(iso));

/** A number in the visitor's format. */
export function number(value) {
  return value.toLocaleString(LANGUAGE);
}

/** Show the face of a phrase's mood in `row`, and store mood and intensity there. */
export function showFace(row, { mood, intensity }) {
  row.dataset.mood = mood || "neutral";
  row.dataset.intensity = intensity ?? 0.5;
  const face = part(row, "face");
  face.setAttribute("href", face.getAttribute("href").replace(/#.*/, `#${row.dataset.mood}`));
}

/** Enter and the button of `form` send what is in its text, Escape and the other button interrupt. */
export function bindInput(form, send, interrupt) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.elements.text.addEventListener("keydown", (event) => {
    // isComposing: this Enter completes an accent or a suggestion.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || document.querySelector(".dropdown-menu.show")) return;
    event.preventDefault();
    interrupt();
  });
  document.getElementById("interrupt").addEventListener("click", interrupt);
}

/** Show `text` in a state pill of the kind `state`. */
export function showState(pill, state, text = say(state)) {
  const kind = `state state-${state}`;
  if (pill.className !== kind) pill.className = kind;
  if (pill.textContent !== text) pill.textContent = text;
}

/** Draw the card of the speech service. */
export function showSpeech(speech) {
  const card = document.getElementById("speech");
  showState(part(card, "status"), speech.status);
  part(card, "muted").hidden = !speech.online || !speech.muted;
  const waits = speech.online && speech.queue_size > 0;
  part(card, "waiting").textContent = waits ? say("{count} waiting", { count: speech.queue_size }) : "";
  const quiet = speech.online ? say("Nothing is said right now.") : "";
  part(card, "text").textContent = speech.current_text || quiet;
  part(card, "problem").textContent = problem(speech);
  part(card, "outbox").textContent = outbox(speech);
  part(card, "development").hidden = speech.broker_kind !== "development";
}

function problem(speech) {
  if (speech.rival_error) {
    const sentence = sayReason({ reason: speech.rival_reason, error: speech.rival_error }, "error");
    return sentence.charAt(0).toUpperCase() + sentence.slice(1);
  }
  if (speech.broker_error) {
    const error = sayReason({ reason: speech.broker_reason, error: speech.broker_error }, "error");
    return say("The broker cannot be reached: {error}", { error });
  }
  if (speech.outbox_error) {
    const error = sayReason({ reason: speech.outbox_reason, error: speech.outbox_error }, "error");
    return say("Sentences are kept in memory only: {error}", { error });
  }
  if (!speech.known) return say("The speech service has not reported yet: nothing is spoken.");
  if (!speech.online) return say("The speech service is not running: sentences wait for it.");
  return speech.is_unheard ? say(UNCONFIRMED_WARNING) : "";
}

function outbox(speech) {
  const kept = speech.kept > 0 ? `${say("Kept until they are stored:")} ${speech.kept}` : "";
  const lost = speech.lost > 0 ? `${say("Dropped, not in the history:")} ${speech.lost}` : "";
  return [kept, lost].filter(Boolean).join(" · ");
}
