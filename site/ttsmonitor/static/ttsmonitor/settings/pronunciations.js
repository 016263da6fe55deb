// The table of pronunciations: the part settings/_pronunciations.html.
import { getJSON, postJSON, sendJSON } from "../live.js";
import { attempt, finder, tell } from "./part.js";

const root = document.querySelector("[data-pronunciations]");
const part = finder(root);
const maySet = root.hasAttribute("data-may-set");
const template = root.querySelector("template").content.firstElementChild;
const languages = [...part("form").elements.lang.options].map((option) => option.value);
let entries = [];

function draw() {
  const wanted = part("search").value.trim().toLowerCase();
  const shown = entries.filter(({ written, said }) => `${written} ${said}`.toLowerCase().includes(wanted));
  part("list").replaceChildren(...shown.map(row));
}

function row(entry) {
  const element = template.cloneNode(true);
  for (const name of ["written", "said", "lang"]) {
    element.querySelector(`[data-part="${name}"]`).textContent = entry[name] || entry.phonemes;
  }
  const button = element.querySelector("button");
  button.hidden = !maySet;
  button.addEventListener("click", () => attempt(part("note"), async () => {
    await sendJSON("DELETE", `/api/pronunciations/${entry.id}`);
    await load();
  }));
  return element;
}

async function load() {
  ({ pronunciations: entries } = await getJSON("/api/pronunciations"));
  // In the order of the languages that Moxie speaks; others, which find -1, come last.
  const rank = ({ lang }) => (languages.indexOf(lang) + languages.length + 1) % (languages.length + 1);
  entries.sort((one, other) => rank(one) - rank(other));
  draw();
}

part("search").addEventListener("input", draw);
part("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { lang, written, said } = part("form").elements;
  const isKept = await attempt(part("note"), async () => {
    await postJSON("/api/pronunciations", { lang: lang.value, written: written.value, said: said.value });
    await load();
  });
  if (!isKept) return;
  tell(part("note"), "");
  written.value = said.value = "";
  written.focus();
});
attempt(part("note"), load);
