"""What the database keeps up to date is what a look at every utterance says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce, Length, TruncHour
from django.utils import timezone

from tests.unit.ttsmonitor.fakes_web import utterance
from ttsmonitor import upkeep
from ttsmonitor.bulk import insert_new
from ttsmonitor.filters import Filters
from ttsmonitor.messages import UTC
from ttsmonitor.models import HourTotal, Total, Utterance

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
    keeper = upkeep.keeper("default")
    assert keeper is not None
    with connection.cursor() as cursor:
        keeper.remove(cursor)
    utterance("sin que nadie mire")
    monkeypatch.setattr(upkeep, "BATCH", 3)
    upkeep.install("default")
    assert_totals_are_right()
    assert found(q="arbol", device_id="moxie-1") == ["Árbol sin índice"]
    assert len(found(q="mismo instante")) == 5
    assert found(q="nadie mire") == ["sin que nadie mire"]
    utterance("Todavía más")
    assert found(q="todavia") == ["Todavía más"]


def test_who_comes_second_leaves_it_as_it_is() -> None:
    utterance("una vez")
    keeper = upkeep.keeper("default")
    assert keeper is not None
    upkeep.rebuild("default", keeper)
    upkeep.install("default")
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
