// The chunks in which a text is published, split as in ttsmirror/text.py.

const ENDS = [/[.!?…]+["'”’»)\]]*\s+|\n+/g, /[,;:—–]\s+/g, /\s+/g]; // of sentences, clauses, words
const BELONGS_TO_PREVIOUS = /[\p{M}\u200b-\u200f\u2060\u20e3\ufe00-\ufe0f\ufeff\u{e0020}-\u{e007f}]/u;

/** The parts of `text`, each of at most `limit` characters. A character is a Unicode code point. */
export function split(text, limit) {
  let left = [...text];
  const parts = [];
  while (left.length > limit) {
    const end = cut(left, limit);
    parts.push(left.slice(0, end).join(""));
    left = left.slice(end);
  }
  return [...parts, left.join("")];
}

function cut(characters, limit) {
  const window = characters.slice(0, limit).join("");
  for (const pattern of ENDS) {
    const last = [...window.matchAll(pattern)].at(-1);
    if (last) return [...window.slice(0, last.index + last[0].length)].length;
  }
  let end = limit;
  while (end > 1 && BELONGS_TO_PREVIOUS.test(characters[end])) end -= 1;
  return end > 1 ? end : limit;
}
