"""The account of the first run."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

pytestmark = pytest.mark.django_db


def create(**options: bool) -> str:
    output = StringIO()
    call_command("create_first_account", stdout=output, **options)
    return output.getvalue()


def test_what_is_shown_lets_one_in() -> None:
    found = re.search(r"password  (\S+)", create())
    assert found
    user = authenticate(username="moxie", password=found[1])
    assert user is not None
    assert user.is_active
    assert get_user_model().objects.get(pk=user.pk).is_superuser


def test_it_is_made_once() -> None:
    first = create()
    before = get_user_model().objects.get(username="moxie").password
    assert first
    assert create() == ""
    assert get_user_model().objects.get(username="moxie").password == before


def test_whoever_has_an_account_gets_no_other() -> None:
    get_user_model().objects.create_superuser("somebody", "", "x")
    assert create() == ""
    assert not get_user_model().objects.filter(username="moxie").exists()


def test_the_link_leads_to_what_runs_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PORT", "1234")
    assert "http://localhost:1234/" in create(monitor=True)
