"""Deletes what a person wants to be forgotten: at once where it is little, else behind the page."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError

from ttsmirror.database import with_connections
from ttsmirror.models import Utterance, UtteranceQuerySet
from ttsmonitor import live_events
from ttsmonitor.history import retention

logger = logging.getLogger(__name__)

AT_ONCE = 2_000


def forget(begins: datetime | None, ends: datetime) -> bool:
    """What was received from `begins` on (None: ever) and before `ends`, and is finished.

    True: it is gone. False: it goes, oldest first, on a thread.
    """
    if _rows(begins, ends)[AT_ONCE:].exists():
        threading.Thread(
            target=with_connections(lambda: _run(begins, ends)),
            name="ttsmonitor.forgetting",
            daemon=True,  # what is left at the end of the process is there to be deleted again
        ).start()
        return False
    retention.delete(lambda: _rows(begins, ends), lambda seconds: False)
    tell_pages()
    return True


def forget_one(pk: UUID) -> None:
    """This one, if it is finished."""
    Utterance.objects.filter(pk=pk).finished().delete()
    tell_pages()


def tell_pages() -> None:
    """Have those that are open drop what was deleted. Those of another process see it by and by."""
    for group in (live_events.MONITOR_GROUP, live_events.ROBOTS_GROUP):
        live_events.push(group, "forgotten", {})


def _rows(begins: datetime | None, ends: datetime) -> UtteranceQuerySet:
    rows = Utterance.objects.finished().filter(received_at__lt=ends)
    return rows if begins is None else rows.filter(received_at__gte=begins)


def _run(begins: datetime | None, ends: datetime) -> None:
    try:
        pause = threading.Event()
        count = retention.delete(lambda: _rows(begins, ends), pause.wait)
        logger.info("%d utterances deleted", count)
        tell_pages()
    except DatabaseError as exc:
        logger.error("not all could be deleted: %s", exc)
    except Exception:
        logger.exception("not all could be deleted")
