"""Split text into sentences, also text that is still being written."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from ttsmirror.text import TAG
from ttsmonitor.language.debris import Span, silent_spans

_CLOSING = r"[\"'”’»)\]*_]*"
_END = re.compile(
    rf"(?P<dots>[.…]+)(?P<closed>{_CLOSING})(?:\s+|(?=[¿¡])"
    r"|(?<=[^\W\d_][a-zñáéíóú]\.)(?=[A-ZÁÉÍÓÚÑ][a-zñáéíóú]))"
    rf"|(?P<strong>[.…]*[!?][.!?…]*)(?P<quoted>{_CLOSING})(?:\s+|(?=[¿¡])|(?<=[!?])(?=[A-ZÁÉÍÓÚÑ]))"
    rf"|(?P<wide>[。！？]+){_CLOSING}\s*"
    r"|(?P<line>\n+)"
)
_COMPLETE = re.compile(rf"(?:[.!?…]+{_CLOSING}|[。！？]+{_CLOSING})\Z")
_LETTER = re.compile(r"[^\W_]")
_LAST_WORD = re.compile(r"[^\s(\[«“\"'¿¡*_]*\Z")
_LIST_NUMBER = re.compile(r"(?:\A|\n|[:;] )[ \t>*_-]{0,8}\d{1,3}\Z")
_UNFINISHED = re.compile(
    r"<(?:[A-Za-z/!?|｜][^<>]*)?\Z|&[#\w]{0,32}\Z|\[/?[A-Z_]{0,20}\Z|[`◁]{1,2}\Z"
)
_MARK_CHARACTERS = 2_000
"""A mark that is longer is none."""
_WORD_CHARACTERS = 40
_LOOK_AHEAD = 6
"""Characters after a mark, of which the first letter tells whether the sentence goes on."""
_LOWER = re.compile(r"[\"'“‘«(\[*_]*[a-zñáéíóúü]")

ABBREVIATIONS = frozenset(
    "sr sra sres sras srta dr dra drs dres prof profa profs lic ing arq gral cnel tte sgto sto sta"
    " ntra ntro av avda ctra pza núm nro pág págs tel tfno tlf ej vs excmo excma ilmo ilma cía hno"
    " hna hnos dpto depto cód apdo art fig vol cap ed ref aprox máx mín mr mrs ms st rev gen capt"
    " sgt lt col maj gov sen mt dept approx fr etc ee uu rr hh jj oo ff aa cc dd ss mm bs as ph"
    " ud uds vd vds ltda jan feb hrs mar apr jun jul aug sept oct nov dec ene abr ago dic cdad"
    " tels tfnos profas ayto fracc prol mpio entlo trav hosp inst".split()
)
"""Words whose dot need not end a sentence."""
_MAY_END = frozenset("etc uu hh oo aa ss mm as jr ltda uds ud vds vd".split())
"""Abbreviations whose dot ends a sentence before a capital letter."""
_CAPITAL = re.compile(r"[\"'“‘«(\[*_¿¡]*[A-ZÁÉÍÓÚÑ¿¡]")


LONGEST = 1_000
"""Characters after which a text without an end is cut between two words."""


class Sentences:
    """A splitter: feed() returns complete sentences, `rest` is the incomplete one.

    A thought, a call of a tool, code or a tag is never split, whatever the pieces that it comes in.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.rest = ""

    def feed(self, words: str) -> list[str]:
        """Add words and return the sentences that are complete now.

        All sentences and `rest` join to the whole text.
        """
        self.rest += words
        found, start = [], 0
        for end in _ends(self.rest):
            found.append(self.rest[start:end])
            start = end
        self.rest = self.rest[start:]
        return found + self._overlong()

    def _overlong(self) -> list[str]:
        """Return pieces of a sentence that has become too long, cut between words."""
        rest, start, pieces = self.rest, 0, []
        until = _stable_until(rest, silent_spans(rest)) if len(rest) > LONGEST else 0
        while len(rest) - start > LONGEST and start + LONGEST <= until:
            end = rest.rfind(" ", start, start + LONGEST) + 1 or start + LONGEST
            pieces.append(rest[start:end])
            start = end
        self.rest = rest[start:]
        return pieces

    @property
    def looks_complete(self) -> bool:
        """True where `rest` could be a whole sentence."""
        rest = self.rest.rstrip()
        if not has_letters(rest) or not _COMPLETE.search(rest[-_WORD_CHARACTERS:]):
            return False
        if rest.endswith(".") and _needs_its_dot(rest, 0, len(rest) - 1, ""):
            return False
        return _stable_until(self.rest, silent_spans(self.rest)) == len(self.rest)

    def flush(self) -> str:
        """Return `rest` as a sentence."""
        rest, self.rest = self.rest, ""
        return rest


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a whole text, which join to it."""
    splitter = Sentences()
    found = splitter.feed(text)
    return [*found, splitter.rest] if splitter.rest else found


def has_letters(text: str) -> bool:
    """Return True if there is anything that could be said."""
    return any(map(str.isalnum, text))


def _ends(text: str) -> Iterator[int]:
    """Yield where the sentences of `text` end, spaces included."""
    spans = silent_spans(text)
    until = _stable_until(text, spans)
    start, first_letter = 0, _first_letter(text, 0, spans)
    for match in _END.finditer(text):
        if match.end() > until:
            return
        if match.start() < first_letter or _is_inside(text, match, start, spans):
            continue
        if _is_end(text, match, start):
            start = match.end()
            first_letter = _first_letter(text, start, spans)
            yield start


def _stable_until(text: str, spans: Sequence[Span]) -> int:
    """Return from where on the text may turn out to be no speech once more of it has come."""
    if spans and spans[-1].is_open:
        return spans[-1].start
    mark = _UNFINISHED.search(text, max(0, len(text) - _MARK_CHARACTERS))
    return mark.start() if mark else len(text)


def _first_letter(text: str, start: int, spans: Sequence[Span]) -> int:
    """Return where the first thing that can be said begins."""
    while (letter := _LETTER.search(text, start)) is not None:
        number = bisect_right(spans, letter.start(), key=lambda span: span.start) - 1
        if number < 0 or spans[number].end <= letter.start():
            return letter.start()
        start = spans[number].end
    return len(text)


def _is_inside(text: str, match: re.Match[str], start: int, spans: Sequence[Span]) -> bool:
    """Return True where a mark belongs to something silent or to a tag."""
    number = bisect_right(spans, match.start(), key=lambda span: span.start) - 1
    if number >= 0 and spans[number].end > match.start():
        return True
    opening = text.rfind("<", max(start, match.start() - _MARK_CHARACTERS), match.start())
    tag = TAG.match(text, opening) if opening >= 0 else None
    return tag is not None and tag.end() > match.start()


def _is_end(text: str, match: re.Match[str], start: int) -> bool:
    """Return True where a mark ends the sentence that begins at `start`."""
    if match["dots"]:
        return _ends_at_dot(text, match, start)
    following = text[match.end() : match.end() + _LOOK_AHEAD]
    return not (match["quoted"] and (not following or _LOWER.match(following)))


def _ends_at_dot(text: str, match: re.Match[str], start: int) -> bool:
    """Return True where a dot or an ellipsis ends a sentence."""
    following = text[match.end() : match.end() + _LOOK_AHEAD]
    if match["dots"] != ".":
        return bool(following) and not _LOWER.match(following)
    return bool(match["closed"]) or not _needs_its_dot(text, start, match.start(), following)


def _needs_its_dot(text: str, start: int, dot: int, following: str) -> bool:
    """Return True for the number of a list item, an initial and an abbreviation."""
    head = text[max(start, dot - _WORD_CHARACTERS) : dot]
    if _LIST_NUMBER.search(head if dot - start <= _WORD_CHARACTERS else f".{head}"):
        return True
    word = _LAST_WORD.search(head)
    last = word[0].rpartition(".")[2].lower() if word else ""
    if len(last) == 1 and last.isalpha():
        return True
    return last in ABBREVIATIONS and not (last in _MAY_END and _CAPITAL.match(following))
