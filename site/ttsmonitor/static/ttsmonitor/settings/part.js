// What the parts of the settings share: words, elements by their data-part, and notes.
import { region } from "../format.js";

const percent = new Intl.NumberFormat(region, { style: "percent" });
const factor = new Intl.NumberFormat(region, { minimumFractionDigits: 1, maximumFractionDigits: 2 });
const megabytes = new Intl.NumberFormat(region, { maximumFractionDigits: 0 });

/** Read the JSON that the template wrote under this id. */
export const readJSON = (id) => JSON.parse(document.getElementById(id).textContent);

/** Return a function that fills the sentences of `words` with values. */
export function speaker(words) {
  return (key, values = {}) =>
    (words[key] ?? key).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

/** Return a function that finds the elements of `root` by their data-part. */
export const finder = (root) => (name) => root.querySelector(`[data-part="${name}"]`);

/** Show a sentence in a note. */
export function tell(note, words, isGood = true) {
  note.textContent = words;
  note.classList.toggle("is-wrong", !isGood);
}

/** Run `act` and show in `note` why it failed; return whether it did not. */
export async function attempt(note, act) {
  try {
    await act();
    return true;
  } catch (error) {
    tell(note, error.detail ?? String(error), false);
    return false;
  }
}

export const showPercent = (value) => percent.format(value);
export const showFactor = (value) => factor.format(value);
export const showMegabytes = (bytes) => megabytes.format(Math.max(1, bytes / 1e6));
