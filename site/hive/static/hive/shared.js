// Shared code of the hive's pages.

import { say, sayReason } from "../ttsmonitor/live.js";

const LANGUAGE = document.documentElement.lang;

const UNHEARD =
  "Nobody confirms what was published: both ends need the same topic, and the broker's ACL has to allow it.";

/** The element of `root` that has this part of a template. */
export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/** A date and time as people here write it. */
export function dateTime(iso) {
  return new Date(iso).toLocaleString(LANGUAGE, { dateStyle: "short", timeStyle: "short" });
}

/** The time of day as people here write it; with the date where that is not today's. */
export function shortTime(iso) {
  const moment = new Date(iso);
  if (moment.toDateString() !== new Date().toDateString()) return dateTime(iso);
  return moment.toLocaleTimeString(LANGUAGE, { timeStyle: "short" });
}

/** A number as people here write it. */
export function number(value) {
  return value.toLocaleString(LANGUAGE);
}

/** Let `row` show the face of a phrase's mood, and know mood and intensity. */
export function showFace(row, { mood, intensity }) {
  row.dataset.mood = mood || "neutral";
  row.dataset.intensity = intensity ?? 0.5;
  const face = part(row, "face");
  face.setAttribute("href", face.getAttribute("href").replace(/#.*/, `#${row.dataset.mood}`));
}

/** Enter and the button of `form` send what is in its text, Escape and the other button interrupt. */
export function listenToHands(form, send, interrupt) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  form.elements.text.addEventListener("keydown", (event) => {
    // isComposing: Enter that ends an accent or a suggestion is not meant for us.
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
    return say("What is said is kept in memory only: {error}", { error });
  }
  if (!speech.known) return say("Nobody listens: the speech service was not heard of yet.");
  if (!speech.online) return say("The speech service is not running: what is said waits for it.");
  return speech.is_unheard ? say(UNHEARD) : "";
}

function outbox(speech) {
  const kept = speech.kept > 0 ? `${say("Kept until it is stored:")} ${speech.kept}` : "";
  const lost = speech.lost > 0 ? `${say("Given up, and not in the history:")} ${speech.lost}` : "";
  return [kept, lost].filter(Boolean).join(" · ");
}
