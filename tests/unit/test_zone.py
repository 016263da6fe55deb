"""Times and days are those of whoever looks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client

from tests.unit.ttsmonitor.fakes_web import utterance


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Tokyo", ("2026-02-01", "08:30")),
        ("America/Lima", ("2026-01-31", "18:30")),
        ("Nowhere/At_All", ("2026-02-01", "00:30")),
        ("../../etc/passwd", ("2026-02-01", "00:30")),
        ("", ("2026-02-01", "00:30")),
    ],
)
def test_days_and_times_are_the_visitors(zone: str, shown: tuple[str, str], settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Madrid"
    utterance("hola", received_at=datetime(2026, 1, 31, 23, 30, tzinfo=UTC))
    client = Client(headers={"accept-language": "es"})
    client.force_login(User.objects.create_user("parent"))
    client.cookies["timezone"] = zone
    page = client.get("/history/").content.decode()
    assert f'data-day="{shown[0]}"' in page
    assert f">{shown[1]}</time>" in page
    assert "hola" in client.get("/history/", {"day": shown[0]}).content.decode()


@pytest.mark.django_db(transaction=True)
async def test_a_download_has_the_visitors_times_to_its_end(settings: Any) -> None:
    await sync_to_async(utterance)("hola", received_at=datetime(2026, 1, 31, 23, 30, tzinfo=UTC))
    client = AsyncClient()
    await client.aforce_login(await User.objects.acreate(username="parent"))
    client.cookies["timezone"] = "Asia/Tokyo"
    response = await client.get("/history/download.txt")
    assert isinstance(response, StreamingHttpResponse)
    text = b"".join([part async for part in response]).decode()
    assert text.startswith("2026-02-01 08:30:00")
