"""Search by words and columns."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmirror.wire.fields import UTC
from ttsmonitor.history.filters import Filters
from ttsmonitor.intake.bulk_insert import insert_new

pytestmark = pytest.mark.django_db
Status = Utterance.Status


def found(**filters: Any) -> list[str]:
    return [row.text for row in Filters(**filters).rows()]


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
def test_accents_and_capitals_do_not_matter(q: str) -> None:
    utterance("La Canción de las noches, ÑANDÚ 3.")
    utterance("otra cosa")
    assert found(q=q) == ["La Canción de las noches, ÑANDÚ 3."]


@pytest.mark.parametrize(
    "q", ["ancion", "zq", "¿?", "🤖", "zqschat", '"', "noche AND", "a* OR", "cancion x"]
)
def test_other_words_and_query_syntax_find_nothing(q: str) -> None:
    utterance("La canción de la noche", source="chat")
    assert found(q=q) == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL's locale knows its letters")
@pytest.mark.parametrize(
    "said", ["한국어를 배워요", "Привет, Мокси", "日本語 です", "新しいᦰことば", "Ǆungla ﬁn ⁵ Ⅷ"]
)
def test_other_scripts_are_found_by_their_words(said: str) -> None:
    utterance(said)
    utterance("otra cosa")
    assert found(q=said) == found(q=said.split()[0]) == [said]


def test_search_follows_row_changes() -> None:
    row = utterance("antes", status=Status.QUEUED)
    same = Utterance.objects.filter(pk=row.pk)
    same.update(text="después")
    same.update(status=Status.SPOKEN, finished_at=timezone.now())
    same.update(received_at=row.received_at - timedelta(days=1))
    assert (found(q="antes"), found(q="despues", status="spoken")) == ([], ["después"])
    assert found(q="despues", status="queued") == []
    same.delete()
    assert found(q="despues") == []


def test_row_inserted_twice_is_found_once() -> None:
    now = timezone.now()
    row = Utterance(text="una vez", source="chat", published_at=now, received_at=now)
    insert_new([row])
    insert_new([row])
    assert found(q="vez") == ["una vez"]


def test_all_filters_apply_together() -> None:
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
def test_utterance_from_another_century_is_found(year: int) -> None:
    moment = datetime(year, 7, 1, 12, tzinfo=UTC)
    row = utterance("en otro siglo", received_at=moment)
    assert found(q="otro siglo", day=moment.date()) == ["en otro siglo"]
    Utterance.objects.filter(pk=row.pk).update(text="ya no")
    assert found(q="otro siglo") == []
    row.delete()
    assert found(q="ya no") == []
