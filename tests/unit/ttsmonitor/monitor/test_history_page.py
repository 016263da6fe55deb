"""The history page without scripts."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.support.tools import wait_until
from tests.support.web_fakes import FakeService, utterance
from ttsmirror.models import OutboxEntry, Utterance
from ttsmirror.wire.control import Control
from ttsmonitor import live_events
from ttsmonitor.history import counts, deletion, retention
from ttsmonitor.history.conversations import by_day
from ttsmonitor.history.filters import Filters
from ttsmonitor.history.robot_names import set_name
from ttsmonitor.intake.bulk_insert import insert_new
from ttsmonitor.monitor import downloads
from ttsmonitor.monitor.downloads import CSV_COLUMNS

pytestmark = pytest.mark.django_db
Status = Utterance.Status
PAGE = "/history/"
SIGNS = "=@+\uff1d\n"
"""Characters that begin a formula in a spreadsheet."""


@pytest.fixture
def keeper(browser: Client, parent: User) -> Client:
    """Return a browser of a user who may delete and set the retention."""
    names = ("delete_utterance", "change_retentionpolicy")
    parent.user_permissions.set(Permission.objects.filter(codename__in=names))
    return browser


def shown(client: Client, **query: Any) -> str:
    response = client.get(PAGE, query)
    assert response.status_code == 200
    return response.content.decode()


def said(page: str) -> list[str]:
    """Return the shown texts from top to bottom."""
    return re.findall(r'class="row-text">([^<]*)<', page)


def texts() -> set[str]:
    return set(Utterance.objects.values_list("text", flat=True))


def deleting() -> bool:
    return any(thread.name == "ttsmonitor.deletion" for thread in threading.enumerate())


async def downloaded(form: str, parent: User, zone: str = "", **query: str) -> str:
    client = AsyncClient()
    client.cookies["moxie_timezone"] = zone
    await client.aforce_login(parent)
    response = await client.get(f"{PAGE}download.{form}", query, headers={"accept-language": "en"})
    assert response.status_code == 200
    assert f".{form}" in response["Content-Disposition"]
    assert isinstance(response, StreamingHttpResponse)
    return b"".join([part async for part in response]).decode()


@pytest.mark.parametrize("urls", ["openmoxie.urls_monitor", "openmoxie.urls"])
def test_both_sites_show_the_history_after_login(browser: Client, settings: Any, urls: str) -> None:
    settings.ROOT_URLCONF = urls
    utterance("Buenas noches")
    assert said(shown(browser)) == ["Buenas noches"]
    assert Client().get(PAGE).status_code == 302


def test_pause_or_other_robot_begins_a_conversation() -> None:
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    rows = [
        utterance(text, device_id=robot, received_at=noon + timedelta(minutes=minutes))
        for text, robot, minutes in (
            ("ayer", "a", -24 * 60),
            ("hola", "a", 0),
            ("yo soy b", "b", 1),
            ("¿qué tal?", "a", 4),
            ("tarde", "a", 10),
        )
    ]
    days = by_day(reversed(rows))
    assert [
        [(talk.device_id, [row.text for row in talk.rows]) for talk in day.conversations]
        for day in days
    ] == [
        [("a", ["tarde"]), ("a", ["hola", "¿qué tal?"]), ("b", ["yo soy b"])],
        [("a", ["ayer"])],
    ]


def test_browser_conversation_has_the_page_name(browser: Client) -> None:
    utterance("Hola", device_id="page_0123456789abcdef")
    page = shown(browser)
    assert '<option value="page_0123456789abcdef">Talk with Moxie</option>' in page
    assert ">page_" not in page


def test_next_links_lead_to_the_oldest_utterance(browser: Client) -> None:
    for number in range(120):
        utterance(f"n{number}", seconds_ago=number)
    found, page = [], shown(browser)
    while True:
        found.append(said(page))
        if (older := re.search(r'href="\?([^"]*)" rel="next"', page)) is None:
            break
        page = browser.get(f"{PAGE}?{older[1].replace('&amp;', '&')}").content.decode()
    assert [len(each) for each in found] == [50, 50, 20]
    assert {text for each in found for text in each} == {f"n{number}" for number in range(120)}


def test_filters_apply_and_the_number_is_shown(browser: Client) -> None:
    utterance("La canción del árbol", device_id="a")
    utterance("otra", device_id="b", source="chat")
    utterance("espera", device_id="b", status=Status.QUEUED)
    assert said(shown(browser, q="CANCION arbol")) == ["La canción del árbol"]
    page = shown(browser, device_id="b")
    assert (set(said(page)), "Sentences: 2" in page) == ({"otra", "espera"}, True)
    assert said(shown(browser, device_id="b", status="queued")) == ["espera"]
    assert "Sentences: 3" in shown(browser)
    assert "Sentences: 3" in shown(browser, day=timezone.localdate().isoformat())
    assert "No sentences match" in shown(browser, q="nunca")


def test_bad_parameter_is_explained_on_the_page(browser: Client) -> None:
    response = browser.get(PAGE, {"day": "tomorrow"})
    assert response.status_code == 400
    assert "day is not a date" in response.content.decode()


def test_markup_in_a_text_is_escaped(browser: Client) -> None:
    utterance("<script>alert(1)</script>", device_id='"><b>')
    page = shown(browser, q="alert", device_id='"><b>')
    assert "<script>alert" not in page
    assert '"><b>' not in page


def test_say_again_reaches_the_service(browser: Client, speech: FakeService) -> None:
    row = utterance("Otra vez")
    answer = browser.post(f"{PAGE}again/", {"id": row.pk, "next": f"{PAGE}?q=otra"})
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?q=otra")
    assert speech.controls == [Control(action="replay", utterance_id=row.pk)]
    answer = browser.post(f"{PAGE}again/", {"id": row.pk}, headers={"accept": "application/json"})
    assert answer.json() == {"ok": True, "detail": "Saying it again."}
    assert browser.post(f"{PAGE}again/", {"id": "x"}).status_code == 404


def test_redirect_stays_on_this_site(browser: Client, speech: FakeService) -> None:
    row = utterance()
    answer = browser.post(f"{PAGE}again/", {"id": row.pk, "next": "https://elsewhere.test/"})
    assert answer["Location"] == PAGE


@pytest.mark.django_db(transaction=True)
async def test_download_has_the_filtered_rows_in_each_format(
    parent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "BATCH", 2)

    def make() -> list[dict[str, Any]]:
        for number in range(5):
            utterance(f"{SIGNS[number]}frase, número {number}", source="chat", seconds_ago=number)
        utterance("no", source="system", status=Status.FAILED, error="skipped")
        return [downloads._local(row) for row in reversed(Filters(q="frase").rows())]

    rows = await sync_to_async(make)()
    assert json.loads(await downloaded("json", parent, q="frase")) == rows
    table = list(csv.reader(io.StringIO(await downloaded("csv", parent, source="chat"))))
    assert table[0] == ["\ufeffreceived_at", *CSV_COLUMNS[1:]]
    assert [line[1] for line in table[1:]] == [
        f"'{sign}frase, número {n}" for n, sign in reversed(list(enumerate(SIGNS)))
    ]
    lines = (await downloaded("txt", parent)).splitlines()
    assert len(lines) == 6
    assert lines[-1].endswith("System  no [failed: skipped]")
    assert json.loads(await downloaded("json", parent, q="nunca")) == []


@pytest.mark.django_db(transaction=True)
async def test_download_has_the_visitors_times_and_the_robots_name(
    parent: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make() -> None:
        set_name("d_ours", "Luna")
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        utterance("Hola", device_id="d_ours", received_at=moment)

    await sync_to_async(make)()
    (row,) = json.loads(await downloaded("json", parent, zone="America/Bogota"))
    assert (row["received_at"], row["robot"]) == ("2026-01-01T22:04:05.000-05:00", "Luna")
    text = await downloaded("txt", parent, zone="America/Bogota")
    assert text.startswith("2026-01-01 22:04:05  Luna, ")


def test_search_shows_the_number_of_hits(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for words in ("una frase", "otra frase", "nada"):
        utterance(words)
    assert "Sentences: 2" in shown(browser, q="frase")
    monkeypatch.setattr(counts, "MAX_COUNTED", 1)
    assert "Sentences: more than 1" in shown(browser, q="frase")


def test_deletion_and_retention_need_a_permission(browser: Client) -> None:
    row = utterance("queda")
    for path, body in (
        ("delete/", {"id": row.pk, "sure": "1"}),
        ("delete/", {"all": "1", "sure": "1"}),
        ("retention/", {"days": "1"}),
    ):
        assert browser.post(PAGE + path, body).status_code == 403
    assert texts() == {"queda"}
    assert retention.current_days() == 0
    assert 'form="delete"' not in shown(browser)


def test_deletion_asks_for_confirmation(keeper: Client) -> None:
    row = utterance("queda")
    for body in ({"id": row.pk}, {"day": timezone.localdate().isoformat()}, {"all": "1"}):
        page = keeper.post(f"{PAGE}delete/", body)
        assert page.status_code == 200
        assert 'name="sure"' in page.content.decode()
    assert texts() == {"queda"}


def test_deletion_spares_waiting_utterances(keeper: Client) -> None:
    one = utterance("una", seconds_ago=2 * 86_400)
    utterance("del mismo día", received_at=one.received_at)
    utterance("de hoy")
    utterance("espera", status=Status.QUEUED)
    day = timezone.localtime(one.received_at).date().isoformat()
    keeper.post(f"{PAGE}delete/", {"id": one.pk, "sure": "1"})
    assert texts() == {"del mismo día", "de hoy", "espera"}
    keeper.post(f"{PAGE}delete/", {"day": day, "sure": "1"})
    assert texts() == {"de hoy", "espera"}
    keeper.post(f"{PAGE}delete/", {"all": "1", "sure": "1"})
    assert texts() == {"espera"}
    assert keeper.post(f"{PAGE}delete/", {"sure": "1"}).status_code == 404


def test_deleted_utterance_leaves_the_outbox_too(keeper: Client) -> None:
    one, other = utterance("una"), utterance("otra")
    for key in (one.pk, other.pk, uuid.uuid4()):
        OutboxEntry.objects.create(id=key, payload={"text": "sin confirmar"})
    keeper.post(f"{PAGE}delete/", {"id": one.pk, "sure": "1"})
    assert OutboxEntry.objects.count() == 2
    keeper.post(f"{PAGE}delete/", {"all": "1", "sure": "1"})
    assert OutboxEntry.objects.count() == 1
    last = utterance("la última")
    OutboxEntry.objects.create(id=last.pk, payload={"text": "sin confirmar"})
    last.delete()
    assert OutboxEntry.objects.count() == 1


def test_deletion_is_pushed_to_open_pages(keeper: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(live_events, "push", lambda group, kind, data: told.append((group, kind)))
    keeper.post(f"{PAGE}delete/", {"id": utterance("una").pk})
    assert told == []
    pages = [(live_events.MONITOR_GROUP, "forgotten"), (live_events.ROBOTS_GROUP, "forgotten")]
    for body in ({"id": utterance("una").pk}, {"all": "1"}):
        keeper.post(f"{PAGE}delete/", body | {"sure": "1"})
        assert told == pages
        told.clear()


@pytest.mark.django_db(transaction=True)
def test_long_history_is_deleted_on_a_thread(
    keeper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "MAX_SYNCHRONOUS", 3)
    for number in range(5):
        utterance(f"{number}")
    answer = keeper.post(f"{PAGE}delete/", {"all": "1", "sure": "1"}, follow=True)
    assert "Deleting." in answer.content.decode()
    assert not deleting() or wait_until(lambda: not deleting(), "the history to be deleted")
    assert texts() == set()


def test_retention_is_shown_and_set(keeper: Client) -> None:
    assert "Everything is kept." in shown(keeper)
    answer = keeper.post(f"{PAGE}retention/", {"days": "90"}, follow=True)
    assert "Older sentences are deleted. Days: 90" in answer.content.decode()
    assert retention.current_days() == 90
    answer = keeper.post(f"{PAGE}retention/", {"days": "-1"}, follow=True)
    assert "greater than or equal to 0" in answer.content.decode()
    assert retention.current_days() == 90


@pytest.mark.usefixtures("statistics_in_memory")
@pytest.mark.parametrize("query", [{}, {"q": "hola"}, {"device_id": "d1", "status": "spoken"}])
def test_queries_do_not_grow_with_the_history(browser: Client, query: dict[str, str]) -> None:
    made: list[Utterance] = []
    taken = []
    for number in (10, 1000):
        while len(made) < number:
            made.append(
                Utterance(
                    text=f"hola {len(made)}",
                    source="chat",
                    device_id=f"d{len(made) % 2}",
                    status=Status.SPOKEN,
                    published_at=timezone.now(),
                    received_at=timezone.now() - timedelta(minutes=7 * len(made)),
                )
            )
        insert_new(made)
        shown(browser, **query)  # fill the caches
        with CaptureQueriesContext(connection) as captured:
            shown(browser, **query)
        taken.append(len(captured))
    assert taken[0] == taken[1]
