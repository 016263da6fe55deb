"""The history survives going back to an older version and forward again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.history import index, retention
from ttsmonitor.history.filters import Filters


@pytest.fixture
def forward_again(transactional_db: None) -> Iterator[None]:
    """Leave the database at the newest migration."""
    yield
    call_command("migrate", verbosity=0)


def test_row_changed_by_an_older_version_is_found(forward_again: None) -> None:
    row = utterance("una vez", status="playing")
    call_command("migrate", "ttsmonitor", "0003", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ttsmonitor_utterance SET status = 'spoken' WHERE text = %s", [row.text]
        )
        assert cursor.rowcount == 1
    call_command("migrate", verbosity=0)
    assert index.is_installed("default")
    assert [each.text for each in Filters(q="vez", status="spoken").rows()] == ["una vez"]
    assert Utterance.objects.spoken().count() == 1


def test_policy_and_permission_have_their_old_names_before_0007(forward_again: None) -> None:
    user = User.objects.create_user("mum")
    user.user_permissions.set(Permission.objects.filter(codename="change_retentionpolicy"))
    retention.set_days(90)
    call_command("migrate", "ttsmonitor", "0006", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT days FROM ttsmonitor_keeping")
        assert cursor.fetchall() == [(90,)]
        cursor.execute("SELECT count(*) FROM ttsmonitor_total")
        assert cursor.fetchall() == [(0,)], "the older version fills it when it migrates"
    assert user.has_perm("ttsmonitor.change_keeping")
    call_command("migrate", verbosity=0)
    user = User.objects.get(pk=user.pk)
    assert user.has_perm("ttsmonitor.change_retentionpolicy")
    assert retention.current_days() == 90
