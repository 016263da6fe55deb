// The history page works without this script. With it, repeating a sentence, loading older ones and
// filtering do not reload the page.
import { byId, notice } from "./format.js";
import { say } from "./live.js";

async function ask(url, options = {}) {
  const answer = await fetch(url, { credentials: "same-origin", ...options });
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  return answer;
}

byId("again").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = new FormData(event.target, event.submitter);
  event.submitter.disabled = true;
  try {
    const headers = { Accept: "application/json" };
    const answer = await ask(event.target.action, { method: "POST", body, headers });
    notice((await answer.json()).detail, true);
  } catch {
    notice(say("The server does not answer."));
  }
  event.submitter.disabled = false;
});

byId("more").addEventListener("click", async (event) => {
  const link = event.target.closest("#older");
  if (!link) return;
  event.preventDefault();
  link.setAttribute("aria-busy", "true");
  try {
    const answer = await ask(link.href);
    append(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    notice(say("The server does not answer."));
    link.removeAttribute("aria-busy");
  }
});

function append(page) {
  for (const day of page.querySelectorAll(".history-day")) {
    const known = byId("days").querySelector(`[data-day="${day.dataset.day}"] .card-body`);
    if (known) known.append(...day.querySelectorAll(".talk-part"));
    else byId("days").append(day);
  }
  byId("more").replaceChildren(...page.getElementById("more").childNodes);
  byId("older")?.focus({ preventScroll: true });
}

byId("filters").addEventListener("change", (event) => {
  if (event.target.matches("select, [type=date]")) event.currentTarget.requestSubmit();
});
