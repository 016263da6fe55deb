"""The tables of pronunciations, compiled and kept in memory until the database has others."""

from __future__ import annotations

import threading
from typing import Any

from ttsmonitor.language.pronunciations import PronunciationTable
from ttsmonitor.language.starter_pronunciations import STARTERS
from ttsmonitor.models import PronunciationEntry


class PronunciationTables:
    """A compiled table per language. Thread-safe.

    Compiling takes a tenth of a second for some hundred words, looking for changes one query.
    """

    def __init__(self) -> None:
        """Begin with the starters, in case there is no database; refresh() reads it."""
        self._lock = threading.Lock()
        self._version: tuple[Any, ...] = ()
        self._entries = [
            PronunciationEntry(
                lang=lang, written=each.written, said=each.said, phonemes=each.phonemes
            )
            for lang, starters in STARTERS.items()
            for each in starters
        ]
        self._tables: dict[str, PronunciationTable] = {}

    def refresh(self) -> None:
        """Take over what has changed in the database."""
        version = PronunciationEntry.objects.version()
        if version == self._version:
            return
        entries = list(PronunciationEntry.objects.order_by("lang", "pk"))
        with self._lock:
            self._version, self._entries, known = version, entries, list(self._tables)
            self._tables = {}
        for lang in known:
            self.table(lang)

    def table(self, lang: str) -> PronunciationTable:
        """Return the table for texts in `lang`, as of the last refresh()."""
        with self._lock:
            if lang not in self._tables:
                # Entries of a region come after those of the language, so that they win.
                fitting = (each.value for each in self._entries if each.fits(lang))
                self._tables[lang] = PronunciationTable(fitting)
            return self._tables[lang]


pronunciations = PronunciationTables()
