// Base of every live page: a WebSocket that reconnects, and JSON over POST.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
const ANSWER_MS = 10000;
const RESTART = 4012; // the server said that it stops
const LOGGED_OUT = 4401;

/**
 * Keep a WebSocket to `path` open. Returns {send(object), close()}.
 *
 * onEvent(object)   each event, decoded from JSON; the first of a connection is its snapshot.
 * onBytes(buffer)   each binary message.
 * onStale(stale)    true when the connection is lost, false when it is back.
 * askAgainSeconds   ask {"type": "snapshot"} that often, and connect anew where no answer comes.
 *                   Only for consumers that answer it. 0: never.
 * quietMs           connect anew where nothing came for so long. 0: silence means nothing.
 */
export function connect(
  path,
  { onEvent, onBytes = () => {}, onStale = () => {}, askAgainSeconds = 0, quietMs = 0 },
) {
  const url = new URL(path, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  let socket = null;
  let waitMs = FIRST_WAIT_MS;
  let retry = 0;
  let silence = 0;
  let closed = false;

  const open = () => {
    clearTimeout(retry);
    if (closed || socket) return;
    const opened = new WebSocket(url);
    let greeted = false;
    socket = opened;
    opened.binaryType = "arraybuffer";
    opened.onopen = () => {
      greeted = true;
      waitMs = FIRST_WAIT_MS;
      if (quietMs) giveUpIn(quietMs);
    };
    opened.onmessage = ({ data }) => {
      clearTimeout(silence);
      if (quietMs) giveUpIn(quietMs);
      onStale(false);
      if (data instanceof ArrayBuffer) onBytes(data);
      else for (const event of [JSON.parse(data)].flat()) onEvent(event);
    };
    opened.onclose = (event) => {
      if (socket === opened) lost(greeted, event.code);
    };
  };

  const lost = (greeted, code) => {
    socket = null;
    clearTimeout(silence);
    if (closed) return;
    onStale(true);
    if (!greeted || code === LOGGED_OUT) leaveWhenLoggedOut();
    // Spread the reconnects of all pages when a server comes back.
    retry = setTimeout(open, (code === RESTART ? 2 * waitMs : waitMs) * (0.75 + Math.random() / 2));
    waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
  };

  const ask = () => {
    if (socket?.readyState !== WebSocket.OPEN || document.hidden) return;
    send({ type: "snapshot" });
    giveUpIn(ANSWER_MS);
  };

  const giveUpIn = (ms) => {
    const silent = socket;
    clearTimeout(silence);
    silence = setTimeout(() => {
      if (socket !== silent) return;
      lost(true, 0); // half open: close() would wait for an answer too
      silent.close();
    }, ms);
  };

  const send = (data) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(data));
  };

  const hurry = () => {
    if (document.hidden) return;
    if (socket) {
      if (askAgainSeconds) ask();
    } else {
      open();
    }
  };

  const ending = new AbortController();
  const asking = askAgainSeconds ? setInterval(ask, askAgainSeconds * 1000) : 0;
  addEventListener("online", hurry, ending);
  document.addEventListener("visibilitychange", hurry, ending);
  open();
  return {
    send,
    close() {
      closed = true;
      clearTimeout(retry);
      clearTimeout(silence);
      clearInterval(asking);
      ending.abort();
      socket?.close();
    },
  };
}

// A refused WebSocket does not give a reason. If the page itself redirects to the login or is
// forbidden by now, go there.
async function leaveWhenLoggedOut() {
  try {
    const answer = await fetch(location.href, { method: "HEAD", redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 403) location.reload();
  } catch {
    // The server is unavailable; the next attempt decides.
  }
}

/** POST `body` as JSON. Resolves to the answer's JSON; else throws an Error with `.detail`, a sentence. */
export async function postJSON(url, body) {
  return sendJSON("POST", url, body);
}

/** Send `body` as JSON by any method, with answers and errors as in postJSON. */
export async function sendJSON(method, url, body = {}) {
  return request(url, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  });
}

/** POST `body` as JSON. Resolves to the bytes of the answer, with errors as in postJSON. */
export async function postForBytes(url, body) {
  return request(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: JSON.stringify(body),
  }, (answer) => answer.arrayBuffer());
}

/** Send a form by the button `submitter` without leaving the page, with errors as in postJSON. */
export async function postForm(form, submitter) {
  return request(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new FormData(form, submitter),
  });
}

/** GET JSON, with errors as in postJSON. */
export async function getJSON(url) {
  return request(url, {});
}

/** GET a file, with errors as in postJSON. Resolves to its bytes. */
export async function getBytes(url) {
  return request(url, {}, (answer) => answer.arrayBuffer());
}

async function request(url, options, read = (answer) => answer.json()) {
  let answer;
  try {
    answer = await fetch(url, { credentials: "same-origin", ...options });
  } catch (cause) {
    throw failure(say("The server does not answer."), { cause });
  }
  let data = null;
  try {
    data = await (answer.ok ? read(answer) : answer.json());
  } catch {
    // Not JSON: an error page.
  }
  if (!answer.ok) {
    const detail = data?.detail ?? `${answer.status} ${answer.statusText}`;
    throw Object.assign(failure(detail), { status: answer.status, code: data?.error });
  }
  return data;
}

function failure(detail, options) {
  return Object.assign(new Error(detail, options), { detail });
}

function csrfToken() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie ? decodeURIComponent(cookie.slice("csrftoken=".length)) : "";
}

let words = null;

// No prototype, because a sentence may be "constructor".
function translations() {
  words ??= { __proto__: null, ...JSON.parse(document.getElementById("strings")?.textContent ?? "{}") };
  return words;
}

const put = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

/**
 * A sentence in the page's language. The template renders {{ strings|json_script:"strings" }}, an
 * object from English to the translation; `values` replace {names} in it.
 */
export function say(english, values = {}) {
  return put(translations()[english] ?? english, values);
}

const MARK = "reason:"; // as in translations.py

/**
 * Why something failed, or a line of the log, in the page's language: `about.reason` says it by a
 * code with its values; without one, as in old rows, `about[field]` is the English sentence.
 */
export function sayReason(about, field) {
  return reasonText(about.reason ?? { code: about[field] ?? "", params: {} });
}

function reasonText({ code, params, args }) {
  const sentence = translations()[MARK + code] ?? code;
  if (args) {
    const values = args.map(valueText);
    return sentence.replace(/%[sd]/g, () => values.shift() ?? "");
  }
  return put(sentence, Object.fromEntries(Object.entries(params).map(([name, value]) => [name, valueText(value)])));
}

// Translate only our own sentences and numbers; any other string is data.
function valueText(value) {
  if (typeof value === "number") return String(value).replace(".", decimalPoint());
  return typeof value === "object" ? reasonText(value) : value;
}

const decimalPoint = () => (0.5).toLocaleString(document.documentElement.lang).charAt(1);
