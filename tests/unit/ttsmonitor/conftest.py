"""Fixtures of the web tests: a fake speech service, and clients of the monitor's pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.web_fakes import FakeService
from ttsmonitor.service import service


@pytest.fixture
def speech(monkeypatch: pytest.MonkeyPatch) -> FakeService:
    """A speech service that runs in this process."""
    fake = FakeService()
    monkeypatch.setattr(service, "current", lambda: fake)
    return fake


@pytest.fixture
def monitor_urls(settings: Any) -> None:
    """Answer as the speech service's process does."""
    settings.ROOT_URLCONF = "openmoxie.urls_monitor"


@pytest.fixture
def parent(db: Any) -> User:
    """Somebody with an account, and no right to administer."""
    return User.objects.create_user("parent", password="a-long-password")


@pytest.fixture
def visitor(db: Any, monitor_urls: None) -> Client:
    """A browser nobody logged in with, that speaks English."""
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def browser(visitor: Client, parent: User) -> Client:
    """A browser that is logged in."""
    visitor.force_login(parent)
    return visitor
