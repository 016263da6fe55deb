"""Fixtures: a real broker, and settings that point at it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.cache import cache
from django.utils import translation
from hypothesis import HealthCheck, settings

from hive.mqtt.mqtt_tts_mirror import TTSMirrorPublisher
from tests.support.sound import Sink
from tests.support.tools import (
    Listener,
    Process,
    answers,
    free_port,
    manage,
    run,
    wait_until,
)
from ttsmonitor.audio.pyaudio import PyAudioOutput
from ttsmonitor.history import hourly
from ttsmonitor.service.service import SpeechService

# A busy machine makes a test slow, not wrong.
settings.register_profile(
    "moxie", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=100
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
    """A Mosquitto on a free port, with its log on $SYS/broker/log and persistence on."""
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
    """A running broker of its own."""
    broker = start_mosquitto(tmp_path)
    yield broker
    broker.process.close()


@pytest.fixture
def broker_settings(mosquitto: Broker, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """The broker, with the product's settings pointing at it."""
    monkeypatch.setenv("MQTT_HOST", mosquitto.host)
    monkeypatch.setenv("MQTT_PORT", str(mosquitto.port))
    return mosquitto


@pytest.fixture
def quick(broker_settings: Broker, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """The broker; clients come back to it at once, and nothing is repeated because time passed."""
    monkeypatch.setattr("ttsmirror.mqtt.connection.RECONNECT_SECONDS", (0.05, 0.1))
    monkeypatch.setenv("TTS_RETRY_SECONDS", "3600")
    return broker_settings


@pytest.fixture
def mirror(quick: Broker) -> Iterator[TTSMirrorPublisher]:
    """Not connected yet: the first sentence does it."""
    made = TTSMirrorPublisher()
    yield made
    made.stop(timeout_seconds=0.2)


@pytest.fixture
def make_service(
    broker_settings: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., SpeechService]]:
    """Run the speech service in this process: make_service("wav") is connected."""
    monkeypatch.setenv("TTS_WAV_DIR", str(tmp_path / "wav"))
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
    """A database that was set up, to be copied."""
    work = tmp_path_factory.mktemp("work")
    environment = {"MOXIE_WORK_DIR": str(work), "DJANGO_SETTINGS_MODULE": "openmoxie.settings"}
    run(manage("migrate", "-v0"), environment)
    return work / "moxie.sqlite3"


@pytest.fixture
def install(mosquitto: Broker, tmp_path: Path, new_database: Path) -> Callable[..., dict[str, str]]:
    """Set up an installation of its own: install(TTS_AUDIO="null", …) gives its environment."""

    def make(**settings: str) -> dict[str, str]:
        environment = {
            "MOXIE_WORK_DIR": str(tmp_path / "work"),
            "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
            "MQTT_HOST": mosquitto.host,
            "MQTT_PORT": str(mosquitto.port),
            "HIVE_PORT": str(free_port()),
            "HTTP_PORT": str(free_port()),
        } | settings
        work = Path(environment["MOXIE_WORK_DIR"])
        work.mkdir(mode=0o700, exist_ok=True)
        shutil.copy(new_database, work)
        return environment

    return make


@pytest.fixture
def listen(mosquitto: Broker) -> Iterator[Callable[..., Listener]]:
    """Make MQTT clients that remember what they heard: listen("topic/#", …)."""
    made: list[Listener] = []

    def make(*topics: str, client_id: str = "", durable: bool = False) -> Listener:
        made.append(Listener(mosquitto.port, *topics, client_id=client_id, durable=durable))
        return made[-1]

    yield make
    for listener in made:
        listener.close()


@pytest.fixture(scope="session")
def pulseaudio() -> Iterator[None]:
    """A running PulseAudio; ended with the tests where they started it."""
    was_running = subprocess.run(["pulseaudio", "--check"], capture_output=True).returncode == 0
    if not was_running:
        subprocess.run(["pulseaudio", "--start", "--exit-idle-time=-1"], check=True)
    yield
    if not was_running:
        subprocess.run(["pulseaudio", "--kill"], check=True)


@pytest.fixture(scope="session")
def idle_sinks(pulseaudio: None) -> Iterator[list[Sink]]:
    """Devices that nobody uses just now: a new one gives no sound for its first two seconds."""
    idle: list[Sink] = []
    yield idle
    for sink in idle:
        sink.close()


@pytest.fixture
def make_sink(idle_sinks: list[Sink]) -> Iterator[Callable[[], Sink]]:
    """Sound devices that are recorded, each as good as new; the first one is the default."""
    taken: list[Sink] = []

    def take() -> Sink:
        is_first = not taken
        known = idle_sinks.pop(0) if idle_sinks else None  # the default one stays it
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
    """A sound device that is recorded."""
    return make_sink()


@pytest.fixture
def output() -> Iterator[PyAudioOutput]:
    """The real thing, not opened yet; put `sink` before it, to be what it plays on."""
    made = PyAudioOutput()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def fresh_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep no sums and no answers of an earlier test, and read the database each time."""
    monkeypatch.setattr(hourly, "REFRESH_SECONDS", 0.0)
    hourly.sums_by_hour.clear()
    hourly.latency_by_hour.clear()
    cache.clear()


@pytest.fixture
def statistics_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read sums from the database at their first use only, however long the test takes."""
    monkeypatch.setattr(hourly, "REFRESH_SECONDS", 600.0)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Messages in English outside a request, which has the language of its browser."""
    with translation.override("en"):
        yield
