"""Pages of the history by keyset: what is said meanwhile shifts none, and the last is as quick as
the first."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from ttsmirror.models import Utterance, UtteranceQuerySet
from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.history.search import EPOCH, microseconds, up_to

DEFAULT = 50
MOST = 200


@dataclass(frozen=True)
class Page:
    """Some rows, newest first."""

    rows: list[Utterance]
    next: str | None
    """The `before` of the page after it; None: this is the last one."""


def read(rows: UtteranceQuerySet, given: Mapping[str, str], default: int = DEFAULT) -> Page:
    """The page that `before` and `limit` ask for. Raises BadRequestError."""
    limit = _limit(given.get("limit"), default)
    if before := given.get("before"):
        rows = after(rows, before)
    found = list(rows[: limit + 1])
    page = found[:limit]
    return Page(page, cursor(page[-1]) if len(found) > limit else None)


def after(rows: UtteranceQuerySet, before: str) -> UtteranceQuerySet:
    """Those that follow the row of a cursor. Raises BadRequestError."""
    moment, identity = _place(before)
    # The first condition says nothing new, but an index answers it.
    same_moment = Q(received_at__lt=moment) | Q(pk__lt=identity)
    return up_to(rows, moment).filter(Q(received_at__lte=moment) & same_moment)


def cursor(utterance: Utterance) -> str:
    """Where the history goes on after this utterance."""
    return f"{microseconds(utterance.received_at)}-{utterance.pk.hex}"


def _place(value: str) -> tuple[datetime, uuid.UUID]:
    passed, _dash, key = value.partition("-")
    try:
        return EPOCH + timedelta(microseconds=int(passed)), uuid.UUID(key)
    except (ValueError, OverflowError) as exc:
        raise BadRequestError(
            _("before is not a cursor: give the next of the page before it.")
        ) from exc


def _limit(value: str | None, default: int) -> int:
    if not value:
        return default
    try:
        limit = int(value)
    except ValueError:
        limit = 0
    if not 1 <= limit <= MOST:
        raise BadRequestError(_("limit is not a whole number from 1 to {most}.").format(most=MOST))
    return limit
