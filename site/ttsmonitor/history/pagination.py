"""Pages of the history by keyset.

New utterances shift no page, and the last page is as quick as the first.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from ttsmirror.models import Utterance, UtteranceQuerySet
from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.history.index.sqlite import EPOCH, from_moment, microseconds, oldest_first, up_to

DEFAULT_LIMIT = 50
MAX_LIMIT = 200


@dataclass(frozen=True)
class Page:
    """Some rows, newest first."""

    rows: list[Utterance]
    next: str | None
    """The `before` of the following page; None on the last one."""


def read(
    rows: UtteranceQuerySet, parameters: Mapping[str, str], default: int = DEFAULT_LIMIT
) -> Page:
    """Return the page that `before` and `limit` ask for. Raises BadRequestError."""
    limit = _parse_limit(parameters.get("limit"), default)
    if before := parameters.get("before"):
        rows = after(rows, before)
    found = list(rows[: limit + 1])
    page = found[:limit]
    return Page(page, cursor(page[-1]) if len(found) > limit else None)


def after(rows: UtteranceQuerySet, before: str) -> UtteranceQuerySet:
    """Return the rows that follow the row of a cursor. Raises BadRequestError."""
    moment, pk = _parse_cursor(before)
    # The first condition is redundant, but an index can answer it.
    return up_to(rows, moment).filter(
        Q(received_at__lte=moment) & (Q(received_at__lt=moment) | Q(pk__lt=pk))
    )


def oldest(rows: UtteranceQuerySet, behind: str = "") -> UtteranceQuerySet:
    """Return the rows oldest first: all of them, or those that are newer than a cursor's row."""
    rows = oldest_first(rows)
    if not behind:
        return rows
    moment, pk = _parse_cursor(behind)
    return from_moment(rows, moment).filter(
        Q(received_at__gte=moment) & (Q(received_at__gt=moment) | Q(pk__gt=pk))
    )


def cursor(utterance: Utterance) -> str:
    """Return the cursor of an utterance."""
    return f"{microseconds(utterance.received_at)}-{utterance.pk.hex}"


def _parse_cursor(value: str) -> tuple[datetime, uuid.UUID]:
    passed, _dash, key = value.partition("-")
    try:
        return EPOCH + timedelta(microseconds=int(passed)), uuid.UUID(key)
    except (ValueError, OverflowError) as exc:
        raise BadRequestError(
            _("before is not a cursor: give the next of the page before it.")
        ) from exc


def _parse_limit(value: str | None, default: int) -> int:
    if not value:
        return default
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:9]) <= MAX_LIMIT):
        raise BadRequestError(
            _("limit is not a whole number from 1 to {most}.").format(most=MAX_LIMIT)
        )
    return int(value)
