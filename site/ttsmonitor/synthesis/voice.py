"""Voices as their engines describe them, and the comparison of languages."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from ttsmirror.text import language_tag

CACHED = ", cached"
"""The end of a label whose sound comes from the cache."""


@dataclass(frozen=True)
class VoiceLabel:
    """The name under which the history and the pages show who speaks."""

    engine: str
    voice: str = ""
    is_cached: bool = False
    """The sound comes from the cache."""

    def __str__(self) -> str:
        """Return the text of the history, as in `piper es_ES-davefx-medium, cached`."""
        name = f"{self.engine} {self.voice}" if self.voice else self.engine
        return f"{name}{CACHED}" if self.is_cached else name


@dataclass(frozen=True, kw_only=True)
class Voice:
    """A voice that can be asked for by its name."""

    engine: str
    """Name of its engine."""
    name: str
    langs: tuple[str, ...] = ()
    """Languages that it reads, the main one first; empty: it reads only texts that name it."""
    speakers: int = 1
    title: str = ""
    """The name shown to people; empty: `name`."""
    state: str = ""
    """A string that differs whenever the sound differs, such as a version. Cached sound and a
    loaded engine belong to one state."""
    memory_bytes: int = 0
    """Memory that it takes once loaded. Voices are unloaded to stay within TTS_LOADED_MB; one of 0
    bytes stays."""

    @property
    def key(self) -> Hashable:
        """Identify the voice in any of its states."""
        return (self.engine, self.name)

    @property
    def memory_key(self) -> Hashable:
        """Identify what takes the memory: voices that share it are counted once."""
        return self.key

    def reads(self, lang: str) -> bool:
        """Return True if it reads this language. A voice from Spain reads a Mexican text too."""
        return any(is_same_language(each, lang) for each in self.langs)

    def is_from(self, lang: str) -> bool:
        """Return True if it is from the region of `lang`: en-gb-x-rp is from that of en-GB."""
        wanted = f"{language_tag(lang)}-"
        return any(f"{language_tag(each)}-".startswith(wanted) for each in self.langs)

    def label(self, lang: str) -> VoiceLabel:
        """Return its label if it reads a text in `lang`."""
        return VoiceLabel(self.engine, self.name)


def is_same_language(one: str, other: str) -> bool:
    """Compare two languages without their regions."""
    return language_tag(one).partition("-")[0] == language_tag(other).partition("-")[0]
