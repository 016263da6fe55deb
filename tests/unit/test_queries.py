"""The number of queries of pages and endpoints does not grow with the history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from hive.models import Robot, arrival
from ttsmirror.models import Utterance, UtteranceChunk
from ttsmonitor.intake.bulk_insert import insert_new

pytestmark = pytest.mark.django_db
SITES = ("openmoxie.urls", "openmoxie.urls_monitor")
ADMIN = "admin/ttsmirror/utterance/"
ALSO = ("puppet/moxie-0/", "api/robots/moxie-0", ADMIN, f"{ADMIN}?q=frase", "history/?q=frase")
NOT_THESE = ("admin/", "accounts/", "i18n/", "history/")


def plain(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[str]:
    """Return the paths of a site without arguments."""
    found = []
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            found += plain(each.url_patterns, path)
        elif "<" not in path:
            found.append(path)
    return found


def paths_of(site: str) -> list[str]:
    own = [
        path for path in plain(get_resolver(site).url_patterns) if not path.startswith(NOT_THESE)
    ]
    return [*own, "history/", *ALSO]


def grow(rows: int) -> None:
    """Add rows up to this number, some of them waiting."""
    now, there = timezone.now(), Utterance.objects.count()
    statuses = ["spoken", "failed", "queued", "spoken", "receiving"]
    made = [
        Utterance(
            text=f"frase {number}",
            source="chat",
            device_id=f"moxie-{number % 5}",
            lang="es",
            status=statuses[number % 5],
            first_audio_ms=50.0,
            published_at=now,
            received_at=now - timedelta(minutes=3 * number),
        )
        for number in range(there, rows)
    ]
    insert_new(made)
    insert_new([UtteranceChunk(utterance=row, number=1, text=row.text) for row in made])


@pytest.mark.usefixtures("statistics_in_memory")
@pytest.mark.parametrize("site", SITES)
def test_thousand_rows_take_no_more_queries_than_ten(site: str, settings: Any) -> None:
    settings.ROOT_URLCONF = site
    for number in range(5):
        Robot.objects.write(f"moxie-{number}", arrival())
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    counts: dict[str, list[tuple[int, int]]] = {}
    for rows in (10, 1000):
        grow(rows)
        for path in paths_of(site):
            client.get(f"/{path}")  # fill the caches
            with CaptureQueriesContext(connection) as captured:
                status = client.get(f"/{path}").status_code
            counts.setdefault(path, []).append((status, len(captured)))
    assert len(counts) >= 10
    assert {path: each for path, each in counts.items() if each[0] != each[1]} == {}
