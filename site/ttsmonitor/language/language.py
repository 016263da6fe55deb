"""The description of a language for text normalization."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ttsmonitor.language.rules import Region, Rule


@dataclass(frozen=True)
class Language:
    """The rules of a language, in the order in which they are applied, and its regions."""

    rules: tuple[Rule, ...] = ()
    digits: Callable[[str], str] | None = None
    """Returns digits in words, without regard to what is around them."""
    region: Region = field(default_factory=Region)
    """The habits where no region is named, or one that is not listed."""
    regions: Mapping[str, Region] = field(default_factory=dict)
    """The habits of regions, by the part of a tag after the language: `mx` of `es-MX`."""
    own_words: str = ""
    """Common words by which a short text is known to be in this language."""
    own_letters: str = ""
    """Letters and marks that tell the same."""

    def region_of(self, tag: str) -> Region:
        """Return the habits of a language tag in lower case, such as `es-mx`."""
        parts = tag.split("-")[1:]
        return next((self.regions[part] for part in parts if part in self.regions), self.region)
