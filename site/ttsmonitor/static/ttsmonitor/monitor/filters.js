// Filters of the stream. They are part of the address, so that it can be bookmarked and shared.
import { byId } from "../format.js";

const form = byId("filters");
const FIELDS = ["q", "source", "device_id", "status"];
const PREFIX_LETTERS = 3; // as in the server's search
const TYPING_MS = 300;

/** The filters as a query string, with the parameters of `more`. */
export function query(more = {}) {
  const given = new URLSearchParams();
  for (const name of FIELDS) if (valueOf(name)) given.set(name, valueOf(name));
  for (const [name, value] of Object.entries(more)) if (value) given.set(name, value);
  return given.toString();
}

export const isFiltered = () => FIELDS.some(valueOf);

/** Return true if this utterance matches the filters, as on the server. */
export function matches(utterance) {
  const equal = ["source", "device_id", "status"].every(
    (name) => !valueOf(name) || utterance[name] === valueOf(name),
  );
  return equal && holds(`${utterance.text} ${utterance.translation}`, valueOf("q"));
}

/** Call `onChange` when the filters change. */
export function watch(onChange) {
  let last = query();
  let typing = 0;
  const look = () => {
    clearTimeout(typing);
    if (query() === last) return;
    last = query();
    history.replaceState(null, "", last ? `?${last}` : location.pathname);
    byId("filters-off").hidden = !isFiltered();
    onChange();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    look();
  });
  form.addEventListener("change", look);
  form.elements.q.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(look, TYPING_MS);
  });
  byId("filters-off").addEventListener("click", (event) => {
    event.preventDefault();
    for (const name of FIELDS) form.elements[name].value = "";
    form.elements.q.focus();
    look();
  });
}

function valueOf(name) {
  return form.elements[name].value.trim();
}

function holds(text, wanted) {
  const words = fold(wanted);
  if (!words.length) return text.includes(wanted);
  const there = fold(text);
  return words.every((word) =>
    there.some((each) => (word.length < PREFIX_LETTERS ? each === word : each.startsWith(word))),
  );
}

function fold(text) {
  const plain = text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}
