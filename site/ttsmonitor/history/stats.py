"""Statistics about the whole history."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmonitor.history.hourly import Sums, sums_by_hour
from ttsmonitor.history.latency import percentile

MEASURED = 1_000


def collect() -> dict[str, Any]:
    """Return the answer of /api/stats. Percentiles are those of the newest 1,000 heard ones."""
    by_status = Counter(dict.fromkeys(Utterance.Status.values, 0))
    by_source = Counter[str]()
    total = Sums()
    for _hour, key, sums in sums_by_hour.groups():
        by_status[key.status] += sums.count
        by_source[key.source] += sums.count
        total.add(sums)
    now = timezone.localtime()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    received = Utterance.objects.order_by()
    return {
        "total": total.count,
        "by_status": dict(by_status),
        "by_source": dict(by_source.most_common()),
        "characters": total.characters,
        "audio_seconds": round(total.audio_seconds, 3),
        "today": received.filter(received_at__gte=midnight).count(),
        "last_hour": received.filter(received_at__gte=now - timedelta(hours=1)).count(),
        "waiting_ms": _percentiles("waiting_ms"),
        "first_audio_ms": _percentiles("first_audio_ms"),
    }


def _percentiles(column: str) -> dict[str, float | int | None]:
    heard = Utterance.objects.filter(**{f"{column}__isnull": False}).recent()
    newest = heard.values_list(column, flat=True)[:MEASURED]
    values = sorted(value for value in newest if value is not None)
    return {
        "count": len(values),
        "p50": percentile(values, 50),
        "p95": percentile(values, 95),
    }
