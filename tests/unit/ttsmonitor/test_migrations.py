"""The history survives that somebody goes back to an older version, and comes forward again."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.history import index
from ttsmonitor.history.filters import Filters


@pytest.mark.django_db(transaction=True)
def test_an_older_version_can_write_and_a_newer_one_counts_it() -> None:
    row = utterance("una vez", status="playing")
    try:
        call_command("migrate", "ttsmonitor", "0003", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ttsmonitor_utterance SET status = 'spoken' WHERE text = %s", [row.text]
            )
            assert cursor.rowcount == 1
    finally:
        call_command("migrate", "ttsmonitor", verbosity=0)
    keeper = index.keeper("default")
    assert keeper is not None
    with connection.cursor() as cursor:
        assert keeper.is_installed(cursor)
    assert [each.text for each in Filters(q="vez", status="spoken").rows()] == ["una vez"]
    assert Utterance.objects.spoken().count() == 1
