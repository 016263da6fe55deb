"""Read and write the fields of a JSON message.

A value that breaks its limits raises InvalidMessageError with a sentence that says why.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime, timezone
from typing import Any

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.reasons import Reason
from ttsmirror.text import clean

UTC = timezone.utc  # datetime.UTC is missing in Python 3.10
PAYLOAD_BYTES = 64 * 1024
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
DEVICE = re.compile(r"[^\s/+#\x00]{1,128}")
EARLIEST, LATEST = (datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 2200))
"""A clock that was never set begins in 1970; what is outside is no clock's time."""
LANG = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")


def dump(fields: dict[str, Any]) -> bytes:
    """Return `fields` as JSON bytes, with accents unescaped."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def format_time(moment: datetime) -> str:
    """Return ISO 8601 in UTC with milliseconds, as in 2025-09-18T10:30:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def format_maybe(moment: datetime | None) -> str | None:
    """Return format_time(moment), or None for None."""
    return None if moment is None else format_time(moment)


def decode(payload: bytes) -> str:
    """Decode a payload as UTF-8. Raises InvalidMessageError."""
    if len(payload) > PAYLOAD_BYTES:
        raise InvalidMessageError(
            Reason(
                "payload of {bytes} bytes: at most {most}", bytes=len(payload), most=PAYLOAD_BYTES
            )
        )
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as exc:
        where = f"{exc.reason} at byte {exc.start}"
        raise InvalidMessageError(Reason("payload is not UTF-8: {cause}", cause=where)) from exc


def read_object(content: str) -> dict[str, Any]:
    """Parse a JSON object. Raises InvalidMessageError."""
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise InvalidMessageError(
            Reason("payload is not valid JSON: {cause}", cause=str(exc))
        ) from exc
    if not isinstance(fields, dict):
        raise InvalidMessageError(Reason("payload is not a JSON object"))
    return fields


def read_text(fields: dict[str, Any], name: str, limit: int, *, blank: bool = False) -> str:
    """Read a required string of at most `limit` characters; white space alone only if `blank`."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise InvalidMessageError(Reason("{name} is missing or is not a string", name=name))
    if not value or not (blank or value.strip()):
        raise InvalidMessageError(Reason("{name} is empty", name=name))
    if len(value) > limit:
        raise InvalidMessageError(
            Reason(
                "{name} has {count} characters: at most {limit}",
                name=name,
                count=len(value),
                limit=limit,
            )
        )
    if clean(value) != value:
        raise InvalidMessageError(Reason("{name} has a NUL or half a surrogate pair", name=name))
    return value


def read_name(fields: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """Read an optional string that matches `pattern`; empty if it is missing."""
    value = fields.get(name)
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not fits(value, pattern):
        raise InvalidMessageError(
            Reason("{name} is {value}: not a valid name", name=name, value=_shown(value))
        )
    return value


def read_number(fields: dict[str, Any], name: str, *, low: float, high: float) -> float | None:
    """Read an optional number from `low` to `high`; None if it is missing."""
    if fields.get(name) is None:
        return None
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidMessageError(
            Reason(
                "{name} is {value}: give a number from {low} to {high}",
                name=name,
                value=_shown(value),
                low=low,
                high=high,
            )
        )
    return float(value)


def read_whole(fields: dict[str, Any], name: str, *, default: int, high: int) -> int:
    """Read an optional whole number from 1 to `high`."""
    value = read_number(fields, name, low=1, high=high)
    if value is None:
        return default
    if value != int(value):
        raise InvalidMessageError(
            Reason("{name} is {value}: give a whole number", name=name, value=value)
        )
    return int(value)


def read_uuid(fields: dict[str, Any], name: str = "id") -> uuid.UUID | None:
    """Read an optional UUID; None if it is missing."""
    value = fields.get(name)
    if value in (None, ""):
        return None
    try:
        return uuid.UUID(str(value))
    except ValueError as exc:
        raise InvalidMessageError(
            Reason("{name} is {value}: not a UUID", name=name, value=_shown(value))
        ) from exc


def read_time(fields: dict[str, Any]) -> datetime | None:
    """Read the optional `timestamp` (ISO 8601, UTC unless it says otherwise).

    A time before 1970 or from 2200 on is refused.
    """
    value = fields.get("timestamp")
    if value in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(str(value))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise InvalidMessageError(
            Reason("timestamp is {value}: give ISO 8601", value=_shown(value))
        ) from exc
    if not EARLIEST <= moment < LATEST:
        raise InvalidMessageError(
            Reason("timestamp is {value}: give a year from 1970 to 2199", value=_shown(value))
        )
    return moment


def _shown(value: object) -> str:
    """Return the beginning of a value, in quotes."""
    return repr(str(value)[:80])


def fits(value: object, pattern: re.Pattern[str]) -> bool:
    """Return True if `value` is a storable string that matches `pattern` entirely."""
    return isinstance(value, str) and bool(pattern.fullmatch(value)) and clean(value) == value
