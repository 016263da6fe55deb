"""The full-text index is built where it is missing."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from tests.support.web_fakes import utterance
from ttsmonitor.history import index
from ttsmonitor.history.filters import Filters
from ttsmonitor.history.index import sqlite

pytestmark = pytest.mark.django_db


def found(q: str) -> list[str]:
    return [row.text for row in Filters(q=q).rows()]


def test_missing_index_is_built_from_all_rows() -> None:
    utterance("Árbol sin índice")
    moment = timezone.now()
    for number in range(5):
        utterance(f"mismo instante {number}", received_at=moment, id=UUID(int=number << 124))
    index.remove("default")
    assert not index.is_installed("default")
    utterance("sin que nadie mire")
    index.install("default")
    assert index.is_installed("default")
    assert found("arbol") == ["Árbol sin índice"]
    assert len(found("mismo instante")) == 5
    assert found("nadie mire") == ["sin que nadie mire"]
    utterance("Todavía más")
    assert found("todavia") == ["Todavía más"]


def test_complete_index_is_not_rebuilt(monkeypatch: pytest.MonkeyPatch) -> None:
    utterance("una vez")
    for backend in index._BACKENDS.values():
        monkeypatch.delattr(backend, "build")
    index.install("default")
    assert found("vez") == ["una vez"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has triggers")
def test_index_with_a_lost_trigger_is_rebuilt() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER utterance_words_insert")
    utterance("sin que nadie mire")
    index.install("default")
    assert found("nadie") == ["sin que nadie mire"]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has places")
def test_place_column_from_another_version_is_replaced() -> None:
    utterance("una vez")
    index.remove("default")
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX utterance_place")
        cursor.execute(f"ALTER TABLE {sqlite.TABLE} DROP COLUMN place")
        cursor.execute(f"ALTER TABLE {sqlite.TABLE} ADD COLUMN place integer AS (1) VIRTUAL")
    index.install("default")
    assert index.is_installed("default")
    row = Filters(q="vez", day=timezone.localdate()).rows().get()
    assert row.text == "una vez"
