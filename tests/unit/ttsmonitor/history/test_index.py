"""What the database keeps up to date is what a look at every utterance says."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce, Length, TruncHour
from django.utils import timezone

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmirror.wire.fields import UTC
from ttsmonitor.history import index
from ttsmonitor.history.filters import Filters
from ttsmonitor.history.index import sqlite
from ttsmonitor.intake.bulk_insert import insert_new
from ttsmonitor.models import HourTotal, Total

pytestmark = pytest.mark.django_db
Status = Utterance.Status
SUMS = ("count", "characters", "audio_seconds")


def kept(model: Any, *keys: str) -> set[tuple[Any, ...]]:
    rows = model.objects.filter(count__gt=0)
    return {(*row[:-1], round(row[-1], 6)) for row in rows.values_list(*keys, *SUMS)}


def counted(*keys: str) -> set[tuple[Any, ...]]:
    rows = (
        Utterance.objects.exclude(status__in=Utterance.UNFINISHED)
        .order_by()
        .annotate(hour=TruncHour("received_at", tzinfo=UTC))
        .values_list(*keys)
        .annotate(
            rows=Count("pk"), letters=Sum(Length("text")), sound=Coalesce(Sum("audio_seconds"), 0.0)
        )
    )
    return {(*row[:-1], round(row[-1], 6)) for row in rows}


def assert_totals_are_right() -> None:
    keys = ("device_id", "source", "status")
    assert kept(Total, *keys) == counted(*keys)
    assert kept(HourTotal, "hour", *keys) == counted("hour", *keys)


def found(**filters: Any) -> list[str]:
    return [row.text for row in Filters(**filters).rows()]


def test_totals_follow_an_utterance_through_its_life() -> None:
    row = utterance("hola", status=Status.RECEIVING, device_id="moxie-1")
    assert_totals_are_right()
    mine = Utterance.objects.filter(pk=row.pk)
    for values in (
        {"status": Status.QUEUED},
        {"status": Status.PLAYING},
        {"status": Status.SPOKEN, "audio_seconds": 2.5},
        {"text": "hola, ¿qué tal?"},
        {"received_at": timezone.now() - timedelta(days=3)},
        {"robot_confirmed": True},
        {"source": "chat", "device_id": ""},
    ):
        mine.update(**values)
        assert_totals_are_right()
    assert Total.objects.filter(count__gt=0).count() == 1
    mine.delete()
    assert_totals_are_right()


def test_what_is_stored_twice_is_counted_once() -> None:
    row = Utterance(
        text="una vez", source="chat", status=Status.SKIPPED,
        published_at=timezone.now(), received_at=timezone.now(),
    )  # fmt: skip
    insert_new([row])
    insert_new([row])
    assert_totals_are_right()
    assert found(q="vez") == ["una vez"]


def test_all_of_a_made_up_history_is_counted() -> None:
    call_command("make_utterances", "700", "--days", "4")
    assert_totals_are_right()
    Utterance.objects.filter(source="chat").delete()
    Utterance.objects.filter(source="system").update(status=Status.FAILED)
    assert_totals_are_right()


def test_nothing_is_made_up_beside_a_real_history() -> None:
    utterance("de verdad")
    with pytest.raises(CommandError, match="--add"):
        call_command("make_utterances", "10")
    call_command("make_utterances", "10", "--add")
    assert Utterance.objects.count() == 11


def test_what_was_there_before_is_taken_in_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("make_utterances", "100", "--days", "3")
    utterance("Árbol sin índice", device_id="moxie-1")
    moment = timezone.now()
    for number in range(5):  # more than a batch, of one moment
        utterance(f"mismo instante {number}", received_at=moment, id=UUID(int=number << 124))
    keeper = index.keeper("default")
    assert keeper is not None
    with connection.cursor() as cursor:
        keeper.remove(cursor)
    utterance("sin que nadie mire")
    monkeypatch.setattr(index, "BATCH", 3)
    index.install("default")
    assert_totals_are_right()
    assert found(q="arbol", device_id="moxie-1") == ["Árbol sin índice"]
    assert len(found(q="mismo instante")) == 5
    assert found(q="nadie mire") == ["sin que nadie mire"]
    utterance("Todavía más")
    assert found(q="todavia") == ["Todavía más"]


@pytest.fixture
def by_threes(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What knows the SQL, with nothing kept yet, and small batches."""
    keeper = index.keeper("default")
    assert keeper is not None
    with connection.cursor() as cursor:
        keeper.remove(cursor)
    monkeypatch.setattr(index, "BATCH", 3)
    return keeper


def test_what_changes_while_it_is_made_anew_is_counted_as_it_is_then(
    by_threes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [utterance(f"frase {number}", seconds_ago=100 - number) for number in range(8)]
    Utterance.objects.filter(pk=rows[1].pk).update(status=Status.QUEUED)
    fill = by_threes.fill

    def and_change(cursor: Any, begins: Any, ends: Any) -> None:
        fill(cursor, begins, ends)
        if begins is not None:
            Utterance.objects.filter(pk=rows[0].pk).delete()
            Utterance.objects.filter(pk=rows[1].pk).update(status=Status.EXPIRED)

    monkeypatch.setattr(by_threes, "fill", and_change)
    index.install("default")
    assert_totals_are_right()
    assert len(found(q="frase")) == 7


def test_two_that_make_it_anew_at_once_count_once(
    by_threes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        utterance(f"frase {number}", seconds_ago=100 - number)
    fill = by_threes.fill

    def and_another(cursor: Any, begins: Any, ends: Any) -> None:
        fill(cursor, begins, ends)
        if begins is not None:
            monkeypatch.setattr(by_threes, "fill", fill)
            index.install("default")

    monkeypatch.setattr(by_threes, "fill", and_another)
    index.install("default")
    assert_totals_are_right()
    assert len(found(q="frase")) == 8


def test_who_comes_second_leaves_it_as_it_is() -> None:
    utterance("una vez")
    keeper = index.keeper("default")
    assert keeper is not None
    index.rebuild("default", keeper)
    index.install("default")
    assert_totals_are_right()
    assert found(q="vez") == ["una vez"]


@pytest.mark.parametrize(
    "q",
    [
        "CANCION",
        "canción",
        "cancio\u0301n",
        "Noche",
        "noches canc",
        "  ¡canción! ",
        "ñandú",
        "nandu 3",
    ],
)
def test_words_are_found_whatever_their_accents_and_capitals(q: str) -> None:
    utterance("La Canción de las noches, ÑANDÚ 3.")
    utterance("otra cosa")
    assert found(q=q) == ["La Canción de las noches, ÑANDÚ 3."]


@pytest.mark.parametrize(
    "q", ["ancion", "zq", "¿?", "🤖", "zqschat", '"', "noche AND", "a* OR", "cancion x"]
)
def test_nothing_else_is_found(q: str) -> None:
    utterance("La canción de la noche", source="chat")
    assert found(q=q) == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's locale knows its letters")
@pytest.mark.parametrize(
    "said", ["한국어를 배워요", "Привет, Мокси", "日本語 です", "新しいᦰことば", "Ǆungla ﬁn ⁵ Ⅷ"]
)
def test_what_was_said_in_other_letters_is_found_by_its_own_words(said: str) -> None:
    utterance(said)
    utterance("otra cosa")
    assert found(q=said) == found(q=said.split()[0]) == [said]


def test_a_search_follows_what_changes() -> None:
    row = utterance("antes", status=Status.QUEUED)
    mine = Utterance.objects.filter(pk=row.pk)
    mine.update(text="después")
    mine.update(status=Status.SPOKEN, finished_at=timezone.now())
    mine.update(received_at=row.received_at - timedelta(days=1))
    assert (found(q="antes"), found(q="despues", status="spoken")) == ([], ["después"])
    assert found(q="despues", status="queued") == []
    mine.delete()
    assert found(q="despues") == []


def test_filters_are_all_held_to() -> None:
    utterance("hola a", source="chat", device_id="a")
    utterance("hola b", source="chat", device_id="b", status=Status.FAILED)
    utterance("hola c", source="system", device_id="a", seconds_ago=3 * 86_400)
    assert found(source="chat", device_id="a") == ["hola a"]
    assert found(q="hola", source="chat") == ["hola b", "hola a"]
    assert found(q="hola", status="failed", device_id="b") == ["hola b"]
    assert found(source="system", status="failed") == []
    day = timezone.localdate() - timedelta(days=3)
    assert found(q="hola", day=day) == found(device_id="a", source="system", day=day) == ["hola c"]


@pytest.mark.parametrize("year", [1970, 2042, 2099, 3000])
def test_a_clock_that_is_far_off_keeps_nothing_from_being_stored(year: int) -> None:
    moment = datetime(year, 7, 1, 12, tzinfo=UTC)
    row = utterance("en otro siglo", received_at=moment)
    assert found(q="otro siglo", day=moment.date()) == ["en otro siglo"]
    Utterance.objects.filter(pk=row.pk).update(text="ya no")
    assert found(q="otro siglo") == []
    row.delete()
    assert_totals_are_right()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has places")
def test_places_of_another_version_are_made_anew() -> None:
    row = utterance("una vez")
    sqlite.remove(connection.cursor())
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX utterance_place")
        cursor.execute(f"ALTER TABLE {sqlite.TABLE} DROP COLUMN place")
        cursor.execute(f"ALTER TABLE {sqlite.TABLE} ADD COLUMN place integer AS (1) VIRTUAL")
        index.install("default")
        assert sqlite.is_installed(cursor)
    assert found(q="vez", day=timezone.localdate(row.received_at)) == ["una vez"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.django_db(transaction=True)
def test_those_who_end_what_several_robots_say_do_not_block_one_another() -> None:
    one, two = ([utterance(status=Status.QUEUED, device_id=each) for each in "ab"] for _ in "12")
    both_have_one = threading.Barrier(2)

    def end(rows: list[Utterance]) -> None:
        try:
            with transaction.atomic():
                for row in rows:
                    Utterance.objects.filter(pk=row.pk).update(status=Status.SKIPPED)
                    with suppress(threading.BrokenBarrierError):
                        both_have_one.wait(0.5)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(end, [one, two[::-1]]))
    assert_totals_are_right()
