"""Fixtures: a real broker, and settings that point at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import translation
from hypothesis import HealthCheck, settings

from hive.mqtt.mqtt_tts_mirror import TTSMirrorPublisher
from tests.support.sound import Sink, sound_server_in
from tests.support.tools import (
    Listener,
    Process,
    answers,
    free_port,
    manage,
    run,
    wait_until,
)
from ttsmirror.conf import conf
from ttsmonitor.audio.pyaudio import PyAudioOutput
from ttsmonitor.history import hourly, robot_names
from ttsmonitor.service.service import SpeechService

os.environ["LC_ALL"] = "C.UTF-8"  # so that commands answer in English

# A busy machine makes a test slow, not wrong.
settings.register_profile(
    # The same examples in every run: a new one should not stop somebody else's change.
    "moxie",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=100,
)
settings.load_profile("moxie")


@dataclass
class Broker:
    """A running Mosquitto."""

    host: str
    port: int
    process: Process
    config: Path

    def start(self) -> None:
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self.process = Process([program, "-c", str(self.config)])
        wait_until(lambda: answers(self.port), "the broker")


def start_mosquitto(directory: Path) -> Broker:
    """Start a Mosquitto on a free port, with log topics and persistence."""
    port = free_port()
    data = directory / "broker"
    data.mkdir(mode=0o777)
    config = directory / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n"
        f"persistence true\npersistence_location {data}/\nmax_queued_messages 0\n"
        "log_dest stdout\nlog_dest topic\nlog_type all\nconnection_messages true\n"
    )
    broker = Broker("127.0.0.1", port, None, config)  # type: ignore[arg-type]
    broker.start()
    return broker


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    """Run a broker for this test."""
    broker = start_mosquitto(tmp_path)
    yield broker
    broker.process.close()


@pytest.fixture
def broker_settings(mosquitto: Broker, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Point the product's settings at the broker."""
    monkeypatch.setenv("MQTT_HOST", mosquitto.host)
    monkeypatch.setenv("MQTT_PORT", str(mosquitto.port))
    return mosquitto


@pytest.fixture
def quick(broker_settings: Broker, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Make clients reconnect to the broker at once and never repeat after a timeout."""
    monkeypatch.setattr("ttsmirror.mqtt.connection.RECONNECT_SECONDS", (0.05, 0.1))
    monkeypatch.setenv("TTS_RETRY_SECONDS", "3600")
    return broker_settings


@pytest.fixture
def mirror(quick: Broker) -> Iterator[TTSMirrorPublisher]:
    """Return a publisher; the first sentence connects it."""
    made = TTSMirrorPublisher()
    yield made
    made.stop(timeout_seconds=0.2)


@pytest.fixture
def make_service(
    broker_settings: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., SpeechService]]:
    """Run the speech service in this process: make_service("wav") is connected."""
    monkeypatch.setenv("TTS_WAV_DIR", str(tmp_path / "wav"))
    for kept in ("publisher_clocks.json", "tts-subscriber.seen"):  # by an earlier test
        (conf.work_dir / kept).unlink(missing_ok=True)
    made: list[SpeechService] = []

    def make(audio: str = "wav", engine: str = "espeak") -> SpeechService:
        monkeypatch.setenv("TTS_ENGINE", engine)
        monkeypatch.setenv("TTS_AUDIO", audio)
        service = SpeechService()
        made.append(service)
        service.start()
        wait_until(lambda: service.status()["broker"]["connected"], "the broker")
        return service

    yield make
    monkeypatch.setenv("TTS_DRAIN_SECONDS", "0")
    for service in made:
        service.stop()


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a migrated database to copy."""
    work = tmp_path_factory.mktemp("work")
    environment = {"MOXIE_WORK_DIR": str(work), "DJANGO_SETTINGS_MODULE": "openmoxie.settings"}
    run(manage("migrate", "-v0"), environment)
    return work / "moxie.sqlite3"


def installation(broker: Broker, work: Path, new_database: Path, **settings: str) -> dict[str, str]:
    """Set up a separate installation with a migrated database. Return its environment."""
    environment = {
        "MOXIE_WORK_DIR": str(work),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "MQTT_HOST": broker.host,
        "MQTT_PORT": str(broker.port),
        "HIVE_PORT": str(free_port()),
        "HTTP_PORT": str(free_port()),
    } | settings
    directory = Path(environment["MOXIE_WORK_DIR"])
    directory.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(new_database, directory)
    return environment


@pytest.fixture
def install(mosquitto: Broker, tmp_path: Path, new_database: Path) -> Callable[..., dict[str, str]]:
    """Set up a separate installation: install(TTS_AUDIO="null", …) returns its environment."""
    return partial(installation, mosquitto, tmp_path / "work", new_database)


@pytest.fixture
def listen(mosquitto: Broker) -> Iterator[Callable[..., Listener]]:
    """Make MQTT clients that record their messages: listen("topic/#", …)."""
    made: list[Listener] = []

    def make(*topics: str, client_id: str = "", durable: bool = False) -> Listener:
        made.append(Listener(mosquitto.port, *topics, client_id=client_id, durable=durable))
        return made[-1]

    yield make
    for listener in made:
        listener.close()


@pytest.fixture(scope="session")
def pulseaudio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Run a PulseAudio for the tests of this process, without the computer's own devices."""
    modules = ("module-always-sink", "module-suspend-on-idle")  # as usual
    with sound_server_in(tmp_path_factory.mktemp("pulseaudio"), *modules):
        yield


@pytest.fixture(scope="session")
def idle_sinks(pulseaudio: None) -> Iterator[list[Sink]]:
    """Return unused devices for reuse: a new one is silent for its first two seconds."""
    idle: list[Sink] = []
    yield idle
    for sink in idle:
        sink.close()


@pytest.fixture
def make_sink(idle_sinks: list[Sink]) -> Iterator[Callable[[], Sink]]:
    """Make recorded sound devices; the first one is the default device."""
    taken: list[Sink] = []

    def take() -> Sink:
        is_first = not taken
        known = idle_sinks.pop(0) if idle_sinks else None  # the first is the default
        taken.append(known.begin_anew(is_default=is_first) if known else Sink(is_default=is_first))
        return taken[-1]

    yield take
    for sink in taken:
        if sink.is_usable:
            idle_sinks.append(sink)
        else:
            sink.close()


@pytest.fixture
def sink(make_sink: Callable[[], Sink]) -> Sink:
    """Return a recorded sound device."""
    return make_sink()


@pytest.fixture
def output() -> Iterator[PyAudioOutput]:
    """Return an unopened PyAudioOutput; request `sink` first, so that it plays there."""
    made = PyAudioOutput()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def fresh_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drop cached sums, names and answers of earlier tests; read the database each time."""
    monkeypatch.setattr(robot_names, "REFRESH_SECONDS", 600.0)
    robot_names.robot_names.clear()
    monkeypatch.setattr(hourly, "REFRESH_SECONDS", 0.0)
    hourly.sums_by_hour.clear()
    hourly.latency_by_hour.clear()
    hourly.waiting_by_hour.clear()
    cache.clear()


@pytest.fixture
def statistics_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read sums from the database once, regardless of the test's duration."""
    monkeypatch.setattr(hourly, "REFRESH_SECONDS", 600.0)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Use English for messages outside a request."""
    with translation.override("en"):
        yield
