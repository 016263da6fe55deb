"""Recognize the language of a text, among a few, with py3langid."""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from ttsmirror.text import language_tag
from ttsmonitor.language.normalization import LANGUAGES
from ttsmonitor.system.commands import python_command

logger = logging.getLogger(__name__)

CERTAIN = 0.3
"""By how much a language must be more probable than the next one: see docs/decisions/0009."""
MAX_CHARACTERS = 400
"""More of a text tells nothing new, and would take longer than a millisecond."""
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")

_ADDRESS = re.compile(r"\S*(?:://|@|\bwww\.|\w\.\w\w)\S*")


class LanguageDetector:
    """Recognizes a text's language among `languages`. Thread-safe.

    The model takes half a second to load and 55 MB; load() does it early, else the first text.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        """Tell these apart, as in `es` or `en-GB`; less than two need no recognition."""
        self._languages = {_code(each): each for each in reversed(languages)}
        self._loading = threading.Lock()
        self._is_loaded = not self.is_needed
        self._model: Any = None
        known = {code: LANGUAGES[code] for code in self._languages if code in LANGUAGES}
        if len(known) < len(self._languages):
            known = {}  # what is rare in these may be common in another one
        self._own_words = _distinct({code: each.own_words.split() for code, each in known.items()})
        self._own_letters = _distinct({code: each.own_letters for code, each in known.items()})

    def load(self) -> None:
        """Load the model, once."""
        with self._loading:
            if self._is_loaded:
                return
            try:
                self._model = _load(list(self._languages))
            except ImportError:
                logger.warning(
                    "languages are not recognized: py3langid is not installed: %s",
                    python_command("-m pip install -r requirements.txt"),
                )
            except ValueError as exc:
                logger.warning("languages are not recognized: %s", exc)
            self._is_loaded = True

    @property
    def is_needed(self) -> bool:
        """Return False where there is nothing to tell apart."""
        return len(self._languages) > 1

    def knows(self, lang: str) -> bool:
        """Return True if `lang`, in any region, is one that it tells apart."""
        return _code(lang) in self._languages

    def detect(self, text: str) -> str:
        """Return the language of `text`, plain words, as it was given; empty if not certain."""
        if not self._is_loaded:
            self.load()
        text = _ADDRESS.sub(" ", text[:MAX_CHARACTERS])
        if self._model is None or not any(map(str.isalpha, text)):
            return ""
        lowered = text.lower().replace("’", "'")
        code = (
            self._only_owner(self._own_words, _WORD.findall(lowered))
            or self._by_model(lowered)
            or self._only_owner(self._own_letters, lowered)
        )
        return self._languages.get(code, "")

    def _by_model(self, text: str) -> str:
        (best, probability), (_second, other) = self._model.rank(text)[:2]
        return str(best) if probability - other >= CERTAIN else ""

    @staticmethod
    def _only_owner(owned: Mapping[str, frozenset[str]], used: Iterable[str]) -> str:
        """Return the only language that owns something of what is used; else nothing."""
        found = [code for code, own in owned.items() if not own.isdisjoint(used)]
        return found[0] if len(found) == 1 else ""


def _code(lang: str) -> str:
    return language_tag(lang).partition("-")[0]


def _distinct(each: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """Return what only one of the languages has, for each of them."""
    counts = Counter(chain.from_iterable(map(frozenset, each.values())))
    return {
        code: frozenset(word for word in own if counts[word] == 1) for code, own in each.items()
    }


def _load(codes: list[str]) -> Any:
    """Return the model, without its other languages. Raises ImportError or ValueError."""
    import numpy as np
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    whole = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    whole.set_languages(codes)
    return LanguageIdentifier(
        np.ascontiguousarray(whole.nb_ptc),
        whole.nb_pc,
        whole.nb_classes,
        whole.tk_nextmove,
        whole.tk_output,
        norm_probs=True,
        tk_row=whole.tk_row,
    )
