// Say a phrase. It is published like any other sentence, and appears in the stream.
import { byId, notice } from "../format.js";
import { postJSON, say } from "../live.js";

const form = byId("phrase");
const { text, voice, mood } = form.elements;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!text.value.trim()) return;
  const said = { text: text.value, source: "monitor" };
  if (voice.value) said.voice = voice.value;
  if (mood.value) said.mood = mood.value;
  form.setAttribute("aria-busy", "true");
  try {
    const answer = await postJSON("/api/say", said);
    if (text.value === said.text) text.value = "";
    notice(answer.detail || say("On its way."), !answer.detail);
  } catch (error) {
    notice(error.detail ?? String(error));
  } finally {
    form.removeAttribute("aria-busy");
    text.focus();
  }
});
