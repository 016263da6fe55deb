"""Metrics of a running speech service, with a real broker and a real voice."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.history import wait_for
from tests.support.metrics import Scrape
from tests.support.tools import Listener, wait_until
from ttsmirror.models import Utterance
from ttsmonitor.service.service import SpeechService

pytestmark = pytest.mark.django_db(transaction=True)
Status = Utterance.Status


def test_spoken_sentence_shows_in_the_metrics(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener], settings: Any
) -> None:
    settings.ROOT_URLCONF = "openmoxie.urls_monitor"
    make_service("null")
    reader = Client()
    reader.force_login(User.objects.create_superuser("keeper"))

    def scrape() -> Scrape:
        return Scrape(reader.get("/metrics").content.decode())

    def spoken() -> float:
        return scrape().total("moxie_sentences_total", outcome="spoken")

    assert spoken() == 0
    listener = listen()
    listener.publish("moxie/tts/text", "Hola, soy Moxie")
    utterance = wait_for("Hola, soy Moxie", Status.SPOKEN)
    wait_until(spoken, "the outcome")
    found = scrape()
    assert utterance.first_audio_ms is not None
    first_sound = found.total("moxie_first_sound_seconds_sum")
    assert first_sound == pytest.approx(utterance.first_audio_ms / 1000)
    assert found.value("moxie_sound_seconds_total") == pytest.approx(utterance.audio_seconds)
    assert found.value("moxie_last_spoken_timestamp_seconds") == pytest.approx(time.time(), abs=60)
    assert found.value("moxie_messages_received_total") == 1
    assert found.value("moxie_mqtt_connected") == 1
    assert found.value("moxie_synthesis_up") == 1
    assert found.value("moxie_synthesis_process_resident_memory_bytes") > 10_000_000
    assert found.lint() == []
    assert found.promtool() == ""
