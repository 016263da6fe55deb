"""A part of the history, in SQL."""

from __future__ import annotations

from typing import Any


def within(begins: Any, ends: Any) -> tuple[str, list[Any]]:
    """What follows on a condition, and its values: received from `begins` on and before `ends`.

    None: no such limit.
    """
    limits = [("received_at >= %s", begins), ("received_at < %s", ends)]
    asked = [(condition, value) for condition, value in limits if value is not None]
    return "".join(f" AND {each}" for each, _value in asked), [value for _each, value in asked]
