"""The admin's list of the history and its actions."""

from __future__ import annotations

import csv
import io
import json
import re
import wave
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.admin.templatetags.admin_list import date_hierarchy
from django.contrib.auth.models import User
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from tests.support.web_fakes import FakeService, utterance
from ttsmirror.models import Utterance
from ttsmirror.wire.control import Control
from ttsmonitor.admin import listing as history_admin
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.speaking import rendering
from ttsmonitor.synthesis.base import EngineConfig
from ttsmonitor.synthesis.synthesizer import Synthesizer

pytestmark = pytest.mark.django_db
LIST = "/admin/ttsmirror/utterance/"
Status = Utterance.Status


@pytest.fixture
def keeper(visitor: Client) -> Client:
    visitor.force_login(User.objects.create_superuser("keeper"))
    return visitor


def listed(client: Client, **query: str) -> Any:
    response = client.get(LIST, query)
    assert response.status_code == 200
    return response.context["cl"]


def dates(client: Client, **query: str) -> list[str]:
    """Return the choices of the date hierarchy."""
    hierarchy = date_hierarchy(listed(client, **query))
    assert hierarchy is not None
    back = [hierarchy["back"]["title"]] if hierarchy["back"] else []
    return [*back, *(str(choice["title"]) for choice in hierarchy["choices"])]


def test_date_hierarchy_offers_days_with_utterances(keeper: Client) -> None:
    for moment in ((2025, 3, 4), (2026, 1, 5), (2026, 1, 31), (2026, 12, 31)):
        utterance("hola", received_at=datetime(*moment, 12, tzinfo=UTC))
    assert dates(keeper) == ["2025", "2026"]
    assert dates(keeper, received_at__year="2026") == [
        "All dates",
        "January 2026",
        "December 2026",
    ]
    month = {"received_at__year": "2026", "received_at__month": "1"}
    assert dates(keeper, **month) == ["2026", "January 5", "January 31"]
    assert listed(keeper, **month).result_count == 2
    assert listed(keeper, **month, q="hola").result_count == 2
    day = listed(keeper, **month, received_at__day="31")
    assert (day.result_count, len(day.result_list)) == (1, 1)
    assert listed(keeper, received_at__year="2026", received_at__month="12").result_count == 1


@pytest.mark.parametrize(
    "query", ["received_at__year=x", "received_at__year=2026&received_at__month=13"]
)
def test_invalid_date_resets_the_list(keeper: Client, query: str) -> None:
    response = keeper.get(f"{LIST}?{query}")
    assert response.status_code == 302


def test_count_includes_waiting_utterances(keeper: Client) -> None:
    utterance("una", source="chat", device_id="a")
    utterance("dos", source="chat", device_id="b")
    utterance("tres", source="chat", device_id="b", status=Status.QUEUED)
    assert listed(keeper).result_count == 3
    assert listed(keeper, source="chat", device_id="b").result_count == 2
    assert listed(keeper, status__exact="queued").result_count == 1
    assert listed(keeper, q="tres").result_count == 1


def test_unknown_count_stops_at_the_limit(keeper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_admin, "MAX_COUNTED", 3)
    for number in range(5):
        utterance(f"hola {number}", lang="es")
    page = keeper.get(LIST, {"lang": "es"})
    assert page.context["cl"].result_count == 3
    assert "There are more" in page.content.decode()
    assert listed(keeper).result_count == 5, "known without counting"


@pytest.mark.usefixtures("statistics_in_memory")
@pytest.mark.parametrize(
    "query", [{}, {"q": "hola"}, {"source": "chat", "received_at__year": "2026"}]
)
def test_queries_do_not_grow_with_the_history(keeper: Client, query: dict[str, str]) -> None:
    counts = []
    for rows in (10, 300):
        for number in range(rows):
            utterance(f"hola {number}", source="chat", device_id=f"d{number % 3}")
        listed(keeper, **query)  # fill the caches
        with CaptureQueriesContext(connection) as captured:
            listed(keeper, **query)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_list_ends_at_the_last_allowed_page(
    keeper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_admin, "MAX_PAGES", 2)
    for number in range(120):
        utterance(f"hola {number}")
    shown = listed(keeper, p="2")
    assert (shown.result_count, shown.paginator.num_pages) == (120, 2)
    assert len(shown.result_list) == 50
    assert keeper.get(LIST, {"p": "3"}).status_code == 302


def act(client: Client, action: str, *rows: Utterance, **more: str) -> Any:
    chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    return client.post(LIST, chosen | more, follow=True)


def test_selected_utterances_are_said_again_oldest_first(
    keeper: Client, speech: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = utterance("antes", seconds_ago=9), utterance("después")
    assert "Sentences to be said again: 2." in act(keeper, "say_again", new, old).content.decode()
    assert speech.controls == [Control(action="replay", utterance_id=row.pk) for row in (old, new)]
    monkeypatch.setattr("ttsmonitor.admin.actions.MAX_SAID_AGAIN", 1)
    assert "At most 1" in act(keeper, "say_again", new, old).content.decode()
    assert len(speech.controls) == 2


@pytest.mark.django_db(transaction=True)
async def test_selected_utterances_are_downloaded(keeper: Client) -> None:
    rows = [await sync_to_async(utterance)(f"n{number}") for number in range(3)]
    client = AsyncClient()
    await client.aforce_login(await User.objects.aget())

    async def download(action: str) -> str:
        chosen = {"action": action, "_selected_action": [str(row.pk) for row in rows[:2]]}
        response = await client.post(LIST, chosen)
        assert isinstance(response, StreamingHttpResponse)
        return b"".join([part async for part in response]).decode()

    assert [row["text"] for row in json.loads(await download("as_json"))] == ["n0", "n1"]
    assert len(list(csv.reader(io.StringIO(await download("as_csv"))))) == 3
    assert len((await download("as_text")).splitlines()) == 2


def test_deleting_selected_utterances_asks_first(keeper: Client) -> None:
    rows = [utterance(f"n{number}") for number in range(3)]
    assert "Are you sure" in act(keeper, "delete_selected", *rows).content.decode()
    assert Utterance.objects.count() == 3
    act(keeper, "delete_selected", *rows[:2], post="yes")
    assert Utterance.objects.get().text == "n2"


def test_sound_is_requested_from_the_speech_service(
    keeper: Client, speech: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = utterance("Hola")
    page = keeper.get(f"{LIST}{row.pk}/change/").content.decode()
    source = re.search(r'<audio controls preload="none" src="([^"]+)"', page)
    assert source
    assert keeper.get(source[1])["Location"] == f"/api/utterances/{row.pk}/audio"
    monkeypatch.setattr("ttsmonitor.service.service.current", lambda: None)
    where = keeper.get(source[1], headers={"host": "localhost:8000"})["Location"]
    assert where == f"http://localhost:8787/api/utterances/{row.pk}/audio"
    assert keeper.get(f"/api/utterances/{row.pk}/audio").json()["error"] == "not_running"


def test_sound_is_a_wav_file_or_an_explained_error(
    browser: Client, speech: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def render(row: Utterance) -> bytes:
        return rendering.render(row, EngineConfig(engine="espeak"), None)

    monkeypatch.setattr(speech, "sound_of", render, raising=False)
    niceness: list[int] = []

    def make(config: EngineConfig, cache: None) -> Synthesizer:
        niceness.append(config.niceness)
        return Synthesizer(config, cache=cache)

    monkeypatch.setattr(rendering, "Synthesizer", make)
    row, silent = utterance("Hola, ¿qué tal?"), utterance("🤖")
    answer = browser.get(f"/api/utterances/{row.pk}/audio")
    assert answer["Content-Type"] == "audio/wav"
    with wave.open(io.BytesIO(answer.content)) as file:
        assert 0.5 < file.getnframes() / file.getframerate() < 5
        assert any(file.readframes(file.getnframes()))
    assert browser.get(f"/api/utterances/{silent.pk}/audio").json() == {
        "error": "no_sound",
        "detail": "the text has nothing to speak",
    }
    spanish = {"accept-language": "es"}
    answer = browser.get(f"/api/utterances/{silent.pk}/audio", headers=spanish)
    assert answer.json()["detail"] == "el texto no tiene nada que decir"
    missing = browser.get(f"/api/utterances/{'0' * 8}-0000-4000-8000-{'0' * 12}/audio")
    assert (missing.status_code, missing.json()["error"]) == (404, "not_found")
    assert Client().get(f"/api/utterances/{row.pk}/audio").status_code == 401
    assert niceness and min(niceness) > 0, "live speech has priority"
    with pytest.raises(SynthesisError):
        render(silent)
    with pytest.raises(SynthesisError, match="was stopped"):
        rendering.render(row, EngineConfig(engine="espeak"), None, lambda: True)


def test_list_needs_the_permission(browser: Client) -> None:
    assert browser.get(f"{LIST}").status_code == 302
