// Phrases to say again with one click: recent ones and favourites.

import { postJSON } from "../ttsmonitor/live.js";
import { part, showFace } from "./shared.js";

const MOST_RECENT = 12;
const lists = { recent: document.getElementById("recent"), favourites: document.getElementById("favourites") };
const card = document.getElementById("phrases-card");
const template = document.getElementById("phrase-template").content.firstElementChild;
const words = (row) => part(row, "text").textContent;

function row(phrase, isKept) {
  const made = template.cloneNode(true);
  part(made, "text").textContent = phrase.text;
  made.querySelector("[data-keep]").ariaPressed = String(isKept);
  showFace(made, phrase);
  return made;
}

function asPhrase(shown) {
  const { mood, intensity } = shown.dataset;
  return { text: words(shown), mood, intensity: Number(intensity) };
}

// Hide recent phrases that are favourites, and the star of phrases that are too long.
function tidy(longest) {
  const kept = new Set([...lists.favourites.children].map(words));
  for (const shown of lists.recent.children) {
    shown.hidden = kept.has(words(shown));
    shown.querySelector("[data-keep]").hidden = words(shown).length > longest;
  }
  const isEmpty = { recent: !lists.recent.querySelector("li:not([hidden])"), favourites: kept.size === 0 };
  for (const [name, empty] of Object.entries(isEmpty)) {
    document.getElementById(`${name}-empty`).hidden = !empty;
  }
}

/**
 * The card of the phrases. `speak(phrase)` is called with {text, mood, intensity} at a click,
 * `attempt(action)` does what may fail; a favourite has at most `longest` characters.
 */
export function phrases({ speak, attempt, longest }) {
  const draw = {
    said(phrase) {
      for (const shown of [...lists.recent.children]) if (words(shown) === phrase.text) shown.remove();
      lists.recent.prepend(row(phrase, false));
      while (lists.recent.children.length > MOST_RECENT) lists.recent.lastElementChild.remove();
      tidy(longest);
    },
    only(recent) {
      const said = new Set(recent.map(({ text }) => text));
      for (const shown of [...lists.recent.children]) if (!said.has(words(shown))) shown.remove();
      tidy(longest);
    },
    favourites(kept) {
      const shown = [...lists.favourites.children].map((each) => JSON.stringify(asPhrase(each)));
      // Unchanged buttons keep their place and the keyboard focus.
      if (shown.join() !== kept.map(({ text, mood, intensity }) => JSON.stringify({ text, mood, intensity })).join()) {
        lists.favourites.replaceChildren(...kept.map((phrase) => row(phrase, true)));
      }
      tidy(longest);
    },
  };

  const keep = (shown, kept) =>
    attempt(async () => draw.favourites((await postJSON("/api/favourites", { ...asPhrase(shown), kept })).favourites));

  card.addEventListener("click", async (event) => {
    const shown = event.target.closest(".phrase");
    if (event.target.closest("[data-phrase]")) speak(asPhrase(shown));
    if (!event.target.closest("[data-keep]")) return;
    await keep(shown, shown.parentElement !== lists.favourites);
    // The focused button was removed with its phrase: move the focus to the next one.
    if (!document.activeElement || document.activeElement === document.body) card.querySelector("[data-keep]")?.focus();
  });
  tidy(longest);
  return draw;
}
