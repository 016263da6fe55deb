"""The history locked by another program, on a full disk, or shared by two services."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from tests.faults.parts import locked_database
from tests.support.fakes import FakeOutput, FakeSynthesizer
from tests.support.history import history_of, wait_for
from tests.support.tools import (
    Listener,
    get_json,
    manage,
    running,
    wait_until,
)
from ttsmirror.models import Utterance
from ttsmirror.wire.messages import Chunk
from ttsmonitor.service.service import SpeechService
from ttsmonitor.speaking.recorder import Recorder
from ttsmonitor.speaking.speaker import Speaker

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Status = Utterance.Status
TEXT_TOPIC = "moxie/tts/text"
MORE_THAN_ARE_IN_FLIGHT = 25
SENTENCE = "Había una vez un robot que quería bailar."


def has_played(service: SpeechService, seconds: float) -> bool:
    """Return True if more than this was heard of the sentence, or all of it."""
    performance = service._speaker.performance
    return performance is None or performance.playback.seconds > seconds


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a small separate file system."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(path)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("a full disk of its own takes root, and the right to mount")
    yield path
    subprocess.run(["umount", str(path)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def late(number: int) -> bytes:
    """Return a message that has expired on arrival, so that it is not spoken."""
    return Chunk(utterance_id=uuid.uuid4(), text=f"Número {number}.", ttl=0.0).to_payload()


def test_locked_database_delays_messages_and_loses_none(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connections.databases["default"]["OPTIONS"], "timeout", 0.2)
    monkeypatch.setattr("ttsmonitor.intake.text_consumer.RETRY_SECONDS", 0.1)
    monkeypatch.setattr("ttsmonitor.speaking.recorder.RETRY_SECONDS", 0.1)
    service = make_service("null")
    sender = listen()
    sender.publish(TEXT_TOPIC, SENTENCE)
    wait_for(SENTENCE, Status.PLAYING)
    playing = service._speaker.performance
    with locked_database():
        heard = playing.playback.seconds if playing else 0.0
        for number in range(MORE_THAN_ARE_IN_FLIGHT):
            sender.publish(TEXT_TOPIC, late(number))
        sender.publish(TEXT_TOPIC, "La última.")

        def check() -> dict[str, Any]:
            found: dict[str, Any] = service.health()["checks"]["database"]
            return found

        wait_until(lambda: "locked" in check()["detail"], "the lock to be named")
        assert check()["since"]
        assert not service.health()["ok"]
        wait_until(lambda: has_played(service, heard), "the sentence to go on")
        assert Utterance.objects.count() == 1
    wait_for("La última.", Status.SPOKEN)
    wait_for(SENTENCE, Status.SPOKEN)
    wait_until(lambda: service.health()["ok"], "its recovery")
    counted = Counter(Utterance.objects.values_list("status", flat=True))
    assert counted == {Status.SPOKEN: 2, Status.EXPIRED: MORE_THAN_ARE_IN_FLIGHT}


def test_messages_stay_at_the_broker_while_disk_is_full(
    install: Callable[..., dict[str, str]], listen: Callable[..., Listener], disk: Path
) -> None:
    environment = install(
        MOXIE_WORK_DIR=str(disk),
        MOXIE_REQUIRE_LOGIN="0",
        TTS_ENGINE="espeak",
        TTS_AUDIO="null",
        TTS_CACHE_MB="0",
    )
    sender = listen()

    def health() -> dict[str, Any]:
        return get_json(f"http://127.0.0.1:{environment['HTTP_PORT']}/health")

    with running(manage("run_tts_subscriber"), environment) as process:
        process.wait_for_line("speech service ready")
        wait_until(lambda: health()["checks"]["broker"]["ok"], "its subscription")
        sender.publish(TEXT_TOPIC, SENTENCE)
        begun = {(SENTENCE, "playing", ""), (SENTENCE, "spoken", "")}
        wait_until(lambda: begun & set(history_of(environment)), "its beginning")
        fill(disk / "fill")
        for number in range(MORE_THAN_ARE_IN_FLIGHT):
            sender.publish(TEXT_TOPIC, late(number))
        sender.publish(TEXT_TOPIC, "La última.")
        wait_until(
            lambda: "full" in health()["checks"]["database"]["detail"], "the full disk to be named"
        )
        (disk / "fill").unlink()
        wait_until(lambda: ("La última.", "spoken", "") in history_of(environment), "the rest")
        wait_until(lambda: health()["checks"]["database"]["ok"], "its recovery")
        assert "Traceback" not in process.output
    counted = Counter(status for _text, status, _error in history_of(environment))
    assert counted == {"spoken": 2, "expired": MORE_THAN_ARE_IN_FLIGHT}


@pytest.mark.parametrize("fault", ["deleted", "replaced"])
def test_nothing_is_confirmed_while_the_file_is_gone(
    install: Callable[..., dict[str, str]],
    listen: Callable[..., Listener],
    new_database: Path,
    fault: str,
) -> None:
    environment = install(MOXIE_REQUIRE_LOGIN="0", TTS_ENGINE="espeak", TTS_AUDIO="null")
    history = Path(environment["MOXIE_WORK_DIR"]) / "moxie.sqlite3"
    sender = listen("moxie/tts/status")

    def confirmed() -> int:
        return sum(b'"stored"' in each for each in sender.payloads("moxie/tts/status"))

    def check(name: str = "database") -> dict[str, Any]:
        report = get_json(f"http://127.0.0.1:{environment['HTTP_PORT']}/health")
        found: dict[str, Any] = report["checks"][name]
        return found

    with running(manage("run_tts_subscriber"), environment) as process:
        process.wait_for_line("connected to the broker")
        wait_until(lambda: check("broker")["ok"], "its subscription")
        sender.publish(TEXT_TOPIC, "Antes.")
        wait_until(confirmed, "the first sentence")
        kept = history.rename(history.with_suffix(".kept"))
        if fault == "replaced":
            for suffix in ("-wal", "-shm"):  # SQLite would put their pages into the new file
                history.with_name(history.name + suffix).unlink(missing_ok=True)
            shutil.copy(new_database, history)
        wait_until(lambda: f"was {fault} while in use" in check()["detail"], "the fault")
        sender.publish(TEXT_TOPIC, late(1))
        process.wait_for_line("the history cannot be written, trying again")
        assert confirmed() == 1
        if fault == "deleted":
            kept.rename(history)
            wait_until(lambda: confirmed() == 2, "the second sentence")
            wait_until(lambda: check()["ok"], "its recovery")
    with running(manage("run_tts_subscriber"), environment):
        wait_until(lambda: confirmed() == 2, "the second sentence")
    texts = {text for text, _status, _error in history_of(environment)}
    assert texts == ({"Antes.", "Número 1."} if fault == "deleted" else {"Número 1."})


def test_two_speakers_never_speak_the_same_utterance() -> None:
    now = timezone.now()
    for number in range(40):
        Utterance.objects.create(
            text=f"Número {number}.",
            source="chat",
            status=Status.QUEUED,
            published_at=now,
            received_at=now,
        )
    voices, outputs = [FakeSynthesizer(), FakeSynthesizer()], [FakeOutput(), FakeOutput()]
    journals = [Recorder(lambda change: None) for _voice in voices]
    speakers = [
        Speaker(voice, output, journal)  # type: ignore[arg-type]
        for voice, output, journal in zip(voices, outputs, journals, strict=True)
    ]
    for output in outputs:
        output.gate.clear()
    for journal, speaker in zip(journals, speakers, strict=True):
        journal.start()
        speaker.start()
    wait_until(lambda: all(output.events for output in outputs), "both to speak")
    for output in outputs:
        output.gate.set()
    wait_until(lambda: Utterance.objects.spoken().count() == 40, "all of them")
    for speaker in speakers:
        speaker.finish(5)
    for journal in journals:
        journal.stop()
    said = Counter(request.text for voice in voices for request in voice.requests)
    assert len(said) == 40 and set(said.values()) == {1}
