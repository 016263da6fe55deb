"""Fixtures of the web tests: a fake speech service, and clients of the monitor's pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.accounts import make_user
from tests.support.web_fakes import FakeService
from ttsmonitor.language.starter_pronunciations import STARTERS
from ttsmonitor.models import PronunciationEntry
from ttsmonitor.service import service


@pytest.fixture
def speech(monkeypatch: pytest.MonkeyPatch) -> FakeService:
    """Install a fake speech service as the running one."""
    fake = FakeService()
    monkeypatch.setattr(service, "current", lambda: fake)
    return fake


@pytest.fixture
def starters(db: Any) -> None:
    """Have the pronunciations of a new installation; a test with transactions deletes them."""
    PronunciationEntry.objects.bulk_create(
        [
            PronunciationEntry(
                lang=lang,
                written=each.written,
                folded=each.written.lower(),
                said=each.said,
                phonemes=each.phonemes,
            )
            for lang, entries in STARTERS.items()
            for each in entries
        ],
        ignore_conflicts=True,
    )


@pytest.fixture
def monitor_urls(settings: Any) -> None:
    """Use the URLs of the speech service's process."""
    settings.ROOT_URLCONF = "openmoxie.urls_monitor"


@pytest.fixture
def parent(db: Any) -> User:
    """Create a user who may listen, speak and control."""
    return make_user("parent", "speak")


@pytest.fixture
def visitor(db: Any, monitor_urls: None) -> Client:
    """Return an anonymous browser in English."""
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def browser(visitor: Client, parent: User) -> Client:
    """Return a logged-in browser."""
    visitor.force_login(parent)
    return visitor
