"""Lines in memory that were deleted from the history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ttsmirror.models import Utterance
from ttsmirror.wire.messages import ENDS


class DeletedLines:
    """Finds deleted lines. It finds none if the history is in another database."""

    def __init__(self) -> None:
        self._has_history = False

    def find(self, lines: Mapping[str, dict[str, Any]]) -> set[str]:
        """Return the ids of finished lines that the history does not have."""
        ended = {key for key, line in lines.items() if line["state"] in ENDS}
        if not ended:
            return set()
        rows = Utterance.objects.filter(pk__in=ended)
        there = {str(key) for key in rows.values_list("pk", flat=True)}
        self._has_history = self._has_history or bool(there)
        return ended - there if self._has_history else set()
