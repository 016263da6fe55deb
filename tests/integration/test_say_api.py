"""POST /api/say in the speech process, through outbox, broker and history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.conftest import Broker
from tests.support.accounts import make_user
from tests.support.history import wait_for
from tests.support.tools import Listener, wait_until
from ttsmirror.models import OutboxEntry, Utterance
from ttsmirror.publishing.mirror import TTSMirrorPublisher
from ttsmonitor.monitor import say_api
from ttsmonitor.service.service import SpeechService

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "Érase una vez un robot que quería bailar. " * 20


@pytest.fixture
def browser(mirror: TTSMirrorPublisher, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Client:
    monkeypatch.setattr(say_api, "get_tts_mirror", lambda: mirror)
    settings.ROOT_URLCONF = "openmoxie.urls_monitor"
    client = Client()
    client.force_login(make_user("parent", "speak"))
    return client


def say(client: Client, **fields: Any) -> Any:
    return client.post("/api/say", fields, content_type="application/json")


def test_long_text_reaches_the_broker_and_is_spoken(
    browser: Client, make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    make_service("null")
    listener = listen("moxie/tts/text/#")
    answer = say(browser, text=LONG, device_id="d_sala", mood="happy", priority="high")
    assert (answer.status_code, answer.json()["detail"]) == (202, "")
    wait_until(lambda: len(listener.payloads("moxie/tts/text")) > 1, "the parts")
    made = wait_for(LONG.strip(), Utterance.Status.PLAYING)
    assert (str(made.pk), made.mood, made.priority) == (answer.json()["id"], "happy", "high")
    wait_until(lambda: not OutboxEntry.objects.exists(), "its confirmation")


def test_sentence_during_broker_outage_is_spoken_later(
    browser: Client, make_service: Callable[..., SpeechService], quick: Broker
) -> None:
    service = make_service("null")
    quick.process.close()
    wait_until(lambda: not service.status()["broker"]["connected"])
    answer = say(browser, text="Ya estoy aquí")
    assert answer.status_code == 202
    assert answer.json()["detail"]
    wait_until(OutboxEntry.objects.exists, "the outbox")
    quick.start()
    assert str(wait_for("Ya estoy aquí", Utterance.Status.SPOKEN).pk) == answer.json()["id"]
