"""Sentences that say why something failed, kept with their values so that pages can translate them.

Whoever raises or stores a reason writes it in English; pages, admin and API translate it by its
code. A value that is a sentence is a Reason itself. Any other string is data, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

Value = str | int | float

MAX_DEPTH = 8
"""Levels of nested reasons that are read from JSON."""
_PLACE = re.compile(r"\{(\w+)\}")


class Reason(str):
    """An English sentence with the template it was made from, its `code`, and its values."""

    code: str
    params: dict[str, Value]

    def __new__(cls, code: str, /, **params: Value) -> Reason:
        """Fill `code`, such as "no broker answers at {address}", with `params`."""
        sentence = super().__new__(cls, fill(code, params) if params else code)
        sentence.code, sentence.params = code, params
        return sentence

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Value]]:
        """Return the arguments that make a copy: a reason crosses the synthesis process's pipe."""
        return (self.code,), self.params

    def as_json(self) -> dict[str, Any]:
        """Return {"code", "params"}, with nested reasons in the same form."""
        return {"code": self.code, "params": {k: value_as_json(v) for k, v in self.params.items()}}

    @classmethod
    def from_json(cls, value: object, depth: int = MAX_DEPTH) -> Reason | None:
        """Parse the result of as_json(); return None for any other value."""
        if not isinstance(value, Mapping) or depth <= 0:
            return None
        code, params = value.get("code"), value.get("params")
        if not isinstance(code, str) or not isinstance(params, Mapping):
            return None
        values: dict[str, Value] = {}
        for name, each in params.items():
            read = each if isinstance(each, str | int | float) else cls.from_json(each, depth - 1)
            if read is None or not isinstance(name, str):
                return None
            values[name] = read
        return cls(code, **values)


def fill(template: str, values: Mapping[str, object]) -> str:
    """Put `values` in place of {names}. Unlike str.format(), it evaluates nothing."""
    return _PLACE.sub(lambda place: plain(values.get(place[1], place[0])), template)


def plain(value: object) -> str:
    """Return a value as text; 2.0 as 2, because JSON does not tell the two apart for scripts."""
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def value_as_json(value: Value) -> Any:
    """Return a value for JSON: a nested reason as an object, anything else as it is."""
    return value.as_json() if isinstance(value, Reason) else value


def reason_of(exc: BaseException) -> Reason:
    """Return the reason that `exc` was raised with, or its text as a reason without values."""
    first = exc.args[0] if len(exc.args) == 1 else None
    return first if isinstance(first, Reason) else Reason(str(exc))


def join_reasons(reasons: Iterable[str]) -> str:
    """Join those that are not empty by semicolons; return an empty string if none is left."""
    known = [each if isinstance(each, Reason) else Reason(each) for each in reasons if each]
    if not known:
        return ""
    return reduce(lambda one, other: Reason("{first}; {rest}", first=one, rest=other), known)


def as_json(reason: str) -> dict[str, Any] | None:
    """Return the JSON of a reason; None for an empty or a plain string."""
    return reason.as_json() if isinstance(reason, Reason) and reason else None


def reason_columns(reason: str) -> dict[str, Any]:
    """Return the columns and fields that hold a reason: `error` in English, and `reason`."""
    return {"error": str(reason), "reason": as_json(reason)}
