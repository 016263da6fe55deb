"""The account of the first run."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, OperationalError

from ttsmonitor.history import index
from ttsmonitor.system.lock import Service, only_one

pytestmark = pytest.mark.django_db


def create(**options: int) -> str:
    output = StringIO()
    call_command("create_first_account", stdout=output, **options)
    return output.getvalue()


def test_shown_account_can_log_in() -> None:
    found = re.search(r"password  (\S+)", create())
    assert found
    user = get_user_model().objects.get(username="moxie")
    assert user.check_password(found[1])
    assert user.is_active
    assert user.is_superuser


def test_account_is_created_once() -> None:
    first = create()
    before = get_user_model().objects.get(username="moxie").password
    assert first
    assert create(verbosity=0) == ""
    assert "There is an account already" in create()
    assert get_user_model().objects.get(username="moxie").password == before


def test_existing_account_prevents_another() -> None:
    get_user_model().objects.create_superuser("somebody", "", "x")
    assert "password  " not in create()
    assert not get_user_model().objects.filter(username="moxie").exists()


@pytest.mark.parametrize(("options", "shown"), [({}, 1), ({"no_account": True}, 0)])
def test_no_account_is_created_for_a_log(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, bool], shown: int
) -> None:
    monkeypatch.setattr("hive.management.commands.prepare.collect_static", lambda: False)
    output = StringIO()
    call_command("prepare", stdout=output, **options)
    assert output.getvalue().count("password  ") == shown
    assert get_user_model().objects.count() == shown


def test_unready_database_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("no such table: auth_user")

    monkeypatch.setattr("hive.management.commands.create_first_account.make_account", fail)
    with pytest.raises(CommandError, match=r"not ready \(no such table.* prepare"):
        create()


def test_account_link_leads_to_running_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PORT", "1234")
    assert "http://localhost:1234/" in create(monitor=True)


def test_prepare_completes_an_interrupted_index(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hive.management.commands.prepare.collect_static", lambda: False)
    index.remove(DEFAULT_DB_ALIAS)
    call_command("prepare", no_account=True, stdout=StringIO())
    assert index.is_installed(DEFAULT_DB_ALIAS)


def test_prepare_does_not_migrate_under_running_hive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.conf.settings.WORK_DIR", tmp_path)
    monkeypatch.setattr("hive.management.commands.prepare.unapplied_migrations", lambda: True)
    monkeypatch.setattr("hive.management.commands.prepare.collect_static", lambda: False)
    with only_one(tmp_path, Service.SPEECH):
        call_command("prepare", no_account=True, stdout=StringIO())
    with (
        only_one(tmp_path, Service.HIVE),
        pytest.raises(CommandError, match="A hive runs already"),
    ):
        call_command("prepare", no_account=True, stdout=StringIO())
