"""The metrics of the speech service: how they are counted, named and read."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.support.accounts import make_user
from tests.support.metrics import Scrape
from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.models import ApiToken, QuarantinedMessage, Scope
from ttsmonitor.service import service as service_module
from ttsmonitor.service.service import SpeechService
from ttsmonitor.speaking.recorder import Change

pytestmark = pytest.mark.django_db
Status = Utterance.Status
LABELS = {"check", "state", "cached", "outcome", "source", "result", "version"}
"""Labels of ours. None has values that others can invent."""


@pytest.fixture
def service(settings: Any, monkeypatch: pytest.MonkeyPatch) -> SpeechService:
    """Return a service that is composed and not started; it is the running one for the pages."""
    settings.ROOT_URLCONF = "openmoxie.urls_monitor"
    monkeypatch.setenv("TTS_AUDIO", "null")
    made = SpeechService()
    monkeypatch.setattr(service_module, "current", lambda: made)
    return made


@pytest.fixture
def reader(db: Any) -> Client:
    """Return a program with a token that may read."""
    token = ApiToken.issue(User.objects.create_superuser("keeper"), "prometheus", [Scope.READ])
    return Client(headers={"authorization": f"Bearer {token}"})


def scrape(client: Client) -> Scrape:
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    return Scrape(response.content.decode())


def change(event: str, **fields: Any) -> Change:
    """Return an event of an utterance as the recorder reports it."""
    fields = {
        "id": str(uuid.uuid4()),
        "source": "chat",
        "engine": "piper es_ES-davefx-medium",
        "waiting_ms": 250.0,
        "first_audio_ms": 48.0,
        "audio_seconds": None,
    } | fields
    return Change(event, fields)


def test_events_of_a_sentence_are_counted(service: SpeechService, reader: Client) -> None:
    service.metrics.count(
        [
            change("stored"),
            change(Status.PLAYING),
            change(Status.SPOKEN, audio_seconds=2.5),
            change(Status.PLAYING, engine="espeak es, cached", first_audio_ms=9.0),
            change(Status.INTERRUPTED, audio_seconds=0.5, source="puppet_mode"),
            Change(),
        ]
    )
    found = scrape(reader)
    assert found.value("moxie_first_sound_seconds_count", cached="false") == 1
    assert found.value("moxie_first_sound_seconds_sum", cached="false") == pytest.approx(0.048)
    assert found.value("moxie_first_sound_seconds_bucket", cached="false", le="0.04") == 0
    assert found.value("moxie_first_sound_seconds_bucket", cached="false", le="0.05") == 1
    assert found.value("moxie_first_sound_seconds_count", cached="true") == 1
    assert found.value("moxie_waiting_seconds_sum") == 0.5
    assert found.value("moxie_sound_seconds_total") == 3
    assert found.value("moxie_sentences_total", outcome="spoken", source="chat") == 1
    assert found.value("moxie_sentences_total", outcome="interrupted", source="puppet_mode") == 1
    assert found.total("moxie_sentences_total") == 2
    assert found.value("moxie_last_spoken_timestamp_seconds") > 1e9


def test_invented_sources_make_no_new_series(service: SpeechService, reader: Client) -> None:
    before = len(scrape(reader).samples)
    service.metrics.count([change(Status.SPOKEN, source=f"slug-{each}") for each in range(50)])
    after = scrape(reader)
    assert len(after.samples) == before
    assert after.value("moxie_sentences_total", outcome="spoken", source="other") == 50


def test_state_of_the_parts_is_read(service: SpeechService, reader: Client) -> None:
    utterance("Hola", status=Status.QUEUED)
    QuarantinedMessage.objects.create(topic="moxie/tts/text", payload=b"{", reason="not JSON")
    service._speaker.pause()
    service._speaker.controls.volume = 0.25
    service._synthesizer.slowness = 0.2
    service._subscriber.received = 7
    counts = service._speaker.translator.counts
    counts.done, counts.failed, counts.requests, counts.seconds = 3, 1, 2, 0.5
    assert service._cache is not None
    service._cache.hits = 4
    for topic, payload in (("uptime", b"12 seconds"), ("clients/connected", b"3")):
        service._subscriber.broker_counts.hear(f"$SYS/broker/{topic}", payload)
    service._subscriber.connection._error = ""

    found = scrape(reader)
    assert found.value("moxie_queue_sentences") == 1
    assert found.value("moxie_quarantined_messages") == 1
    assert found.value("moxie_state", state="paused") == 1
    assert found.value("moxie_state", state="idle") == 0
    assert found.value("moxie_volume_ratio") == 0.25
    assert found.value("moxie_synthesis_real_time_ratio") == 0.2
    assert found.value("moxie_messages_received_total") == 7
    assert found.value("moxie_translations_total", result="failed") == 1
    assert found.value("moxie_translation_seconds_count") == 2
    assert found.value("moxie_cache_requests_total", result="hit") == 4
    assert found.value("moxie_broker_clients") == 3
    assert found.value("moxie_broker_uptime_seconds") == 12
    assert found.value("moxie_check_ok", check="synthesis") == 0
    assert found.value("moxie_database_bytes") > 10_000


def test_names_follow_prometheus_rules(service: SpeechService, reader: Client) -> None:
    service.metrics.count([change(Status.PLAYING), change(Status.SPOKEN)])
    found = scrape(reader)
    assert found.lint() == []
    assert found.promtool() == ""
    ours = [each for each in found.samples if each.name.startswith("moxie_")]
    assert {label for each in ours for label in each.labels} - {"le"} <= LABELS


def test_openmetrics_is_answered_to_who_accepts_it(service: SpeechService, reader: Client) -> None:
    response = reader.get("/metrics", headers={"accept": "application/openmetrics-text"})
    assert response["Content-Type"].startswith("application/openmetrics-text")
    text = response.content.decode()
    families = list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]
    assert "moxie_first_sound_seconds" in {family.name for family in families}


def test_missing_database_hides_its_own_metrics_only(
    service: SpeechService, reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(Utterance.objects, "waiting", fail)
    found = scrape(reader)
    assert "moxie_queue_sentences" not in found.names
    assert found.value("moxie_state", state="idle") == 1


def test_process_without_speech_service_says_so(reader: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "openmoxie.urls_monitor"
    found = scrape(reader)
    assert found.value("moxie_check_ok", check="service") == 0
    assert found.value("process_resident_memory_bytes") > 1_000_000


@pytest.fixture
def narrow(db: Any) -> Iterator[Client]:
    token = ApiToken.issue(User.objects.create_superuser("other"), "speaker", [Scope.SPEAK])
    yield Client(headers={"authorization": f"Bearer {token}"})


def test_login_or_reading_token_opens_metrics(
    service: SpeechService, narrow: Client, settings: Any
) -> None:
    stranger = Client(headers={"accept-language": "en"})
    refused = stranger.get("/metrics")
    assert refused.status_code == 401  # no redirect, whose page Prometheus could not read
    assert refused["WWW-Authenticate"] == "Bearer"
    assert narrow.get("/metrics").json()["error"] == "insufficient_scope"
    assert narrow.post("/metrics").status_code in (403, 405)
    browser = Client()
    browser.force_login(make_user("parent", "listen"))
    assert scrape(browser).names
    settings.MOXIE_REQUIRE_LOGIN = False
    assert scrape(stranger).names
