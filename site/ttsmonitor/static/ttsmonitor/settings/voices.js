// Choose, try, install and remove voices: the part settings/_voices.html.
import { getBytes, getJSON, postForBytes, postJSON, sendJSON } from "../live.js";
import { setText } from "../format.js";
import { attempt, finder, readJSON, showFactor, showMegabytes, showPercent, speaker, tell } from "./part.js";

const LOOK_MS = 500; // while a voice is installed
const KEEP_MS = 300; // after the last move of a slider
const FIRST_VOICES = 4;
const FALLBACK = "espeak";
const ACTIVE = new Set(["waiting", "fetching", "checking"]);

const root = document.querySelector("[data-voices]");
const word = speaker(readJSON("voices-words"));
const part = finder(root);
const maySet = root.hasAttribute("data-may-set");
const maySpeak = root.hasAttribute("data-may-speak");
const isCompact = root.hasAttribute("data-compact");
const cards = new Map(); // by language
let state = readJSON("voices-state");
let looking = 0;
let turn = 0; // counts the states: an answer to an older question is outdated

// Cards of languages

class LanguageCard {
  constructor(lang) {
    this.lang = lang;
    this.element = document.getElementById("voices-language").content.firstElementChild.cloneNode(true);
    this.part = finder(this.element);
    this.showsAll = false;
    this.rows = new Map();
    this.keeping = 0;
    part("languages").append(this.element);
    this.tuning = this.part("tuning");
    this.trying = this.part("try");
    this.tuning.addEventListener("input", () => this.tune());
    this.tuning.addEventListener("submit", (event) => event.preventDefault());
    this.trying.addEventListener("submit", (event) => {
      event.preventDefault();
      this.hear(this.trying.elements.text.value, event.submitter?.value ?? "loudspeaker");
    });
    this.element.querySelector('[data-act="more"]').addEventListener("click", () => {
      this.showsAll = true;
      this.draw();
    });
    this.trying.hidden = !maySpeak;
    this.trying.elements.text.value = this.language.sample;
    this.part("mood-field").hidden = isCompact || this.trying.elements.mood.length < 2;
  }

  get language() {
    return state.languages.find((each) => each.lang === this.lang);
  }

  draw() {
    const { language } = this;
    setText(this.part("title"), language.title);
    this.drawNow();
    const installed = state.installed.filter((voice) => voice.langs.includes(this.lang));
    const fallback = { name: FALLBACK, title: "eSpeak NG", speakers: [], speaks_now: language.is_natural ? [] : [this.lang] };
    this.fill("installed", [...installed, fallback], (row, voice) => this.drawInstalled(row, voice));
    const offered = state.catalogue.filter((voice) => voice.lang.startsWith(this.lang) && !voice.is_installed);
    const busy = (voice) => ACTIVE.has(installOf(voice.name)?.state) || installOf(voice.name)?.state === "failed";
    const shown = offered.filter((voice, at) => this.showsAll || at < FIRST_VOICES || busy(voice));
    this.fill("catalogue", shown, drawPublished);
    const more = this.element.querySelector('[data-act="more"]');
    more.hidden = shown.length === offered.length;
    setText(more, word("more", { count: offered.length }));
    this.element.querySelector(".voices-more").hidden = !offered.length;
    this.drawTuning(installed);
  }

  drawNow() {
    const { language } = this;
    const known = state.installed.find((voice) => voice.speaks_now.includes(this.lang));
    const now = language.is_natural
      ? word("speaks", { voice: known?.title ?? language.speaks })
      : language.remark || word(maySet ? "no_voice" : "only_machine");
    tell(this.part("now"), language.is_natural && language.remark ? `${now} ${language.remark}` : now, language.is_natural);
  }

  fill(name, voices, draw) {
    const list = this.part(name);
    const wanted = voices.map((voice) => {
      const key = `${name}:${voice.name}`;
      if (!this.rows.has(key)) this.rows.set(key, newRow());
      draw(this.rows.get(key), voice);
      return this.rows.get(key).element;
    });
    const isSame = wanted.length === list.children.length && wanted.every((row, at) => row === list.children[at]);
    if (!isSame) list.replaceChildren(...wanted); // keep the focus otherwise
  }

  drawInstalled(row, voice) {
    const isFallback = voice.name === FALLBACK;
    const pick = row.element.querySelector("input");
    pick.hidden = !maySet;
    pick.name = `voice-${this.lang}`;
    pick.checked = voice.speaks_now.includes(this.lang) && !this.language.remark; // not a stand-in: that one can be chosen
    pick.onchange = () => this.choose({ voice: voice.name, speaker: null });
    setText(row.part("name"), voice.title);
    setText(row.part("facts"), isFallback ? word("machine") : facts(voice));
    row.show("listen", maySpeak, () => this.hear(this.trying.elements.text.value || this.language.sample, "", voice.name));
    row.show("remove", maySet && voice.is_removable, () => this.remove(row, voice));
  }

  drawTuning(installed) {
    const { language } = this;
    const voice = installed.find((each) => each.speaks_now.includes(this.lang));
    const { speaker: field, speed, volume } = this.tuning.elements;
    this.tuning.hidden = !maySet || isCompact;
    this.part("speaker-field").hidden = !voice?.speakers.length;
    if (voice?.speakers.length && field.dataset.voice !== voice.name) {
      field.dataset.voice = voice.name;
      field.replaceChildren(...voice.speakers.map((name, number) => new Option(name, number)));
    }
    if (document.activeElement !== field) field.value = language.speaker ?? 0;
    for (const slider of [speed, volume]) {
      if (document.activeElement !== slider && !this.keeping) slider.value = language[slider.name];
    }
    this.drawSliders();
  }

  drawSliders() {
    const { speed, volume } = this.tuning.elements;
    setText(this.part("speed"), word("speed", { count: showFactor(speed.value) }));
    setText(this.part("volume"), showPercent(volume.value));
  }

  tune() {
    this.drawSliders();
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => {
      this.keeping = 0;
      const { speaker: field, speed, volume } = this.tuning.elements;
      const hasSpeaker = !this.part("speaker-field").hidden;
      this.choose({
        speaker: hasSpeaker ? Number(field.value) : null,
        speed: Number(speed.value),
        volume: Number(volume.value),
      });
    }, KEEP_MS);
  }

  async choose(change) {
    const { voice, speaker: number, speed, volume } = this.language;
    const body = { voice, speaker: number, speed, volume, ...change };
    const note = this.part("try-note");
    const isKept = await attempt(note, async () => take(await sendJSON("PUT", `/api/voices/languages/${this.lang}`, body)));
    if (isKept) tell(note, word("kept"));
    else draw();
  }

  async remove(row, voice) {
    const question = [word("remove", { voice: voice.title }), voice.speaks_then || word("again")].join(" ");
    if (!confirm(question)) return;
    await attempt(row.part("note"), async () => take(await sendJSON("DELETE", `/api/voices/installed/${encodeURIComponent(voice.name)}?confirmed=1`)));
  }

  async hear(text, where, voice = "") {
    const note = this.part("try-note");
    if (!text.trim()) return;
    const said = { text, lang: this.lang, voice };
    const mood = this.trying.elements.mood.value;
    const place = where || this.place || "loudspeaker";
    this.place = place;
    tell(note, word("making"));
    const isDone = await attempt(note, async () => {
      if (place === "browser") await playHere(postForBytes("/api/voices/try", { ...said, mood }));
      else await postJSON("/api/say", { ...said, mood });
    });
    if (!isDone) return;
    const start = place === "browser" ? "" : `${word("queued")} `;
    await attempt(note, async () => {
      const { spoken } = await postJSON("/api/pronounce", said);
      tell(note, start + (spoken ? word("read", { words: spoken }) : word("nothing")));
    });
  }
}

// Rows of voices

function newRow() {
  const element = document.getElementById("voices-row").content.firstElementChild.cloneNode(true);
  const find = finder(element);
  const show = (act, isShown, onClick) => {
    const button = element.querySelector(`[data-act="${act}"]`);
    button.hidden = !isShown;
    button.onclick = onClick;
    return button;
  };
  for (const act of ["listen", "sample", "remove", "install", "cancel"]) show(act, false);
  element.querySelector("input").hidden = true;
  find("progress").hidden = true;
  return { element, part: find, show };
}

function drawPublished(row, voice) {
  const size = word("size", { count: showMegabytes(voice.size_bytes) });
  setText(row.part("name"), voice.title);
  setText(row.part("badge"), voice.is_recommended ? word("recommended") : "");
  drawFacts(row.part("facts"), voice);
  row.show("sample", true, () => hearSample(row, voice.name));
  drawInstall(row, voice.name, word("install", { size }), "/api/voices/install");
}

function drawInstall(row, name, label, address) {
  const install = installOf(name);
  const isActive = ACTIVE.has(install?.state);
  const button = row.show("install", maySet && !isActive, () => begin(row, address, name));
  setText(button, label);
  button.className = `btn ${row.part("badge").textContent ? "btn-primary" : "btn-soft"}`;
  button.setAttribute("aria-label", `${label}: ${row.part("name").textContent}`);
  row.show("cancel", maySet && isActive, () => begin(row, "/api/voices/cancel", name));
  const progress = row.part("progress");
  progress.hidden = !isActive;
  if (isActive && install.state === "fetching" && install.total_bytes) {
    progress.max = install.total_bytes;
    progress.value = install.fetched_bytes;
  } else {
    progress.removeAttribute("value");
  }
  if (install) tell(row.part("note"), progressText(install), install.state !== "failed");
}

function progressText(install) {
  const size = (bytes) => word("size", { count: showMegabytes(bytes) });
  return word(install.state, {
    done: size(install.fetched_bytes),
    total: size(install.total_bytes),
    error: install.error,
  });
}

async function begin(row, address, name) {
  await attempt(row.part("note"), async () => take(await postJSON(address, { name })));
}

const installOf = (name) => state.installs.find((each) => each.name === name);

function facts({ region, quality, size_bytes: bytes, speakers }) {
  const count = speakers.length ?? speakers;
  return [
    region,
    quality && word(quality),
    bytes && word("size", { count: showMegabytes(bytes) }),
    count > 1 && word("speakers", { count }),
  ].filter(Boolean).join(" · ");
}

function drawFacts(element, voice) {
  if (element.childElementCount) return; // a published voice does not change
  const link = document.createElement("a");
  link.href = voice.card_url;
  link.target = "_blank";
  link.rel = "noreferrer";
  link.textContent = word("licence", { licence: voice.licence || word("card") });
  element.replaceChildren(`${facts({ ...voice, size_bytes: 0 })} · `, link);
}

// The whole part

function draw() {
  const only = root.dataset.only;
  for (const { lang } of state.languages) {
    if (only && lang !== only) continue;
    if (!cards.has(lang)) cards.set(lang, new LanguageCard(lang));
    cards.get(lang).draw();
  }
  drawImportable();
  clearTimeout(looking);
  if (state.installs.some((each) => ACTIVE.has(each.state))) looking = setTimeout(look, LOOK_MS);
}

const imported = new Map();
function drawImportable() {
  const rows = state.importable.map((voice) => {
    if (!imported.has(voice.name)) imported.set(voice.name, newRow());
    const row = imported.get(voice.name);
    setText(row.part("name"), voice.name);
    setText(row.part("facts"), voice.error);
    if (!voice.error) drawInstall(row, voice.name, word("copied"), "/api/voices/import");
    return row.element;
  });
  part("importable").replaceChildren(...rows);
}

function take(answer) {
  turn += 1;
  state = answer;
  draw();
  root.dispatchEvent(new CustomEvent("moxie:voices", { detail: state, bubbles: true }));
}

async function look() {
  const asked = turn;
  try {
    const answer = await getJSON("/api/voices");
    if (asked === turn) take(answer);
  } catch {
    looking = setTimeout(look, 4 * LOOK_MS); // the server is away for a moment
  }
}

async function hearSample(row, name) {
  tell(row.part("note"), word("making"));
  const isHeard = await attempt(row.part("note"), () =>
    playHere(getBytes(`/api/voices/published/${encodeURIComponent(name)}/sample`)));
  if (isHeard) tell(row.part("note"), "");
}

let context = null;
let playing = null;
async function playHere(bytes) {
  context ??= new AudioContext(); // in a click, so that the browser lets it play
  context.resume();
  const sound = await context.decodeAudioData(await bytes);
  playing?.stop();
  playing = new AudioBufferSourceNode(context, { buffer: sound });
  playing.connect(context.destination);
  playing.start();
}

root.querySelector('[data-act="look"]').addEventListener("click", look);
root.querySelector('[data-act="refresh"]').addEventListener("click", () => {
  attempt(part("source-note"), async () => {
    take(await postJSON("/api/voices/refresh", {}));
    tell(part("source-note"), word("done_list"));
  });
});
draw();
root.dataset.drawn = "";
