"""Numbers about the history, in as many queries for a million utterances as for one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import Length
from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmirror.wire.fields import UTC
from ttsmonitor.models import HourTotal, Total

MEASURED = 1_000


def collect() -> dict[str, Any]:
    """The numbers that /api/stats answers. Percentiles are of the newest 1,000 heard ones."""
    return _totals() | _lately() | {"first_audio_ms": _first_audio()}


def _totals() -> dict[str, Any]:
    by_status: Counter[str] = Counter(dict.fromkeys(Utterance.Status.values, 0))
    by_source: Counter[str] = Counter()
    characters, seconds = 0, 0.0
    for group in [*_finished(), *_unfinished()]:
        by_status[group["status"]] += group["count"]
        by_source[group["source"]] += group["count"]
        characters += group["characters"] or 0
        seconds += group["seconds"] or 0.0
    return {
        "total": by_status.total(),
        "by_status": dict(by_status),
        "by_source": {name: count for name, count in by_source.most_common() if count},
        "characters": characters,
        "audio_seconds": round(seconds, 3),
    }


def _finished() -> Iterable[Any]:
    return Total.objects.values("status", "source").annotate(
        count=Sum("count"), characters=Sum("characters"), seconds=Sum("audio_seconds")
    )


def _unfinished() -> Iterable[Any]:
    """They are no more than TTS_QUEUE_LIMIT lets wait."""
    return (
        Utterance.objects.unfinished()
        .order_by()
        .values("status", "source")
        .annotate(count=Count("pk"), characters=Sum(Length("text")), seconds=Sum("audio_seconds"))
    )


def _lately() -> dict[str, int]:
    """Since midnight here, and in the last hour."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    hour_ago = timezone.now() - timedelta(hours=1)
    last_hour = Utterance.objects.filter(received_at__gte=hour_ago).count()
    return {"today": since(midnight), "last_hour": last_hour}


def since(moment: datetime) -> int:
    """How many were received since then."""
    # A time zone may be half an hour off: what is before the first full hour is counted by itself.
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if hour != moment:
        hour += timedelta(hours=1)
    finished = HourTotal.objects.filter(hour__gte=hour).aggregate(count=Sum("count"))["count"]
    rows = Utterance.objects.filter(received_at__gte=moment)
    before = rows.filter(received_at__lt=hour).finished()
    return (finished or 0) + before.count() + rows.unfinished().count()


def _first_audio() -> dict[str, float | int | None]:
    heard = Utterance.objects.filter(first_audio_ms__isnull=False).order_by("-received_at")
    newest = heard.values_list("first_audio_ms", flat=True)[:MEASURED]
    values = sorted(value for value in newest if value is not None)
    return {
        "count": len(values),
        "p50": percentile(values, 50),
        "p95": percentile(values, 95),
    }


def percentile(ascending: Sequence[float], percent: float) -> float | None:
    """The nearest-rank percentile of sorted values; None where there are none."""
    if not ascending:
        return None
    return ascending[max(1, math.ceil(len(ascending) * percent / 100)) - 1]
