// Numbers, times and names as the visitor writes them, and small things that all lists share.
import { say } from "./live.js";
import { clock as minutes, exactClock, when } from "./times.js";

// No prototype, because a source may be called "constructor".
const SOURCES = { __proto__: null, puppet_mode: "Puppet Mode", chat: "Chat", monitor: "Typed on the monitor", system: "System", setup: "Guide", home_assistant: "Home Assistant" };
const language = document.documentElement.lang;
// The visitor's own region of the page's language, for numbers.
export const region = navigator.languages.find((name) => name.startsWith(language)) ?? language;

export const number = new Intl.NumberFormat(region);
export const short = new Intl.NumberFormat(region, { maximumFractionDigits: 1 });
export const clock = exactClock;

export const byId = (id) => document.getElementById(id);
export const sourceLabel = (source) => (SOURCES[source] ? say(SOURCES[source]) : source);
/** The name of an utterance's robot; without a robot, that of the conversation page. */
export const robotLabel = ({ device_id: id, robot }) => (id.startsWith("page_") ? say("Talk with Moxie") : robot);
export const milliseconds = (value) => say("{count} ms", { count: number.format(Math.round(value)) });

/** The time of day. */
export const timeOfDay = (iso) => minutes.format(new Date(iso));

/** The time of day, with the date if it is not today. */
export const timeLabel = when;

/** Show a fact with its icon, or hide both if it is empty. */
export function setFact(element, text) {
  setText(element, text ?? "");
  element.parentElement.hidden = !text;
}

export const capitalize = (text) => text.charAt(0).toLocaleUpperCase(region) + text.slice(1);

/** Set the text only if it changes. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let noticeEnds = 0;
/** Show a message for a few seconds. */
export function notice(text, isGood = false) {
  byId("notice").textContent = text;
  byId("notice").classList.toggle("alert-danger", !isGood);
  byId("notice").classList.toggle("alert-success", isGood);
  byId("notice").hidden = false;
  clearTimeout(noticeEnds);
  noticeEnds = setTimeout(clearNotice, isGood ? 3000 : 8000);
}

export function clearNotice() {
  byId("notice").hidden = true;
}
