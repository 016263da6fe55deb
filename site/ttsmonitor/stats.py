"""Numbers about the history, in as many queries for a million utterances as for one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import Length
from django.utils import timezone

from ttsmonitor.models import Utterance

MEASURED = 1_000


def collect() -> dict[str, Any]:
    """The numbers that /api/stats answers. Percentiles are of the newest 1,000 heard ones."""
    return _totals() | _lately() | {"first_audio_ms": _first_audio()}


def _totals() -> dict[str, Any]:
    groups = (
        Utterance.objects.order_by()
        .values("status", "source")
        .annotate(count=Count("pk"), characters=Sum(Length("text")), seconds=Sum("audio_seconds"))
    )
    by_status: Counter[str] = Counter(dict.fromkeys(Utterance.Status.values, 0))
    by_source: Counter[str] = Counter()
    characters, seconds = 0, 0.0
    for group in groups:
        by_status[group["status"]] += group["count"]
        by_source[group["source"]] += group["count"]
        characters += group["characters"] or 0
        seconds += group["seconds"] or 0.0
    return {
        "total": by_status.total(),
        "by_status": dict(by_status),
        "by_source": dict(by_source.most_common()),
        "characters": characters,
        "audio_seconds": round(seconds, 3),
    }


def _lately() -> dict[str, int]:
    """Since midnight here, and in the last hour."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    hour_ago = timezone.now() - timedelta(hours=1)
    return Utterance.objects.filter(received_at__gte=min(midnight, hour_ago)).aggregate(
        today=Count("pk", filter=Q(received_at__gte=midnight)),
        last_hour=Count("pk", filter=Q(received_at__gte=hour_ago)),
    )


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
