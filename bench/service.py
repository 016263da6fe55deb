"""The real speech service as a process, used over MQTT like a hive does."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from bench.machine import (
    BenchError,
    Broker,
    Program,
    clean_environment,
    copy_voice,
    free_port,
    make_database,
    manage,
)
from bench.wire import Wire
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import (
    CONTROL_TOPIC,
    ENDS,
    HEALTH_TOPIC,
    STATUS_TOPIC,
    Chunk,
)

TOPIC = "moxie/tts/text"
SOURCE = "bench"
START_SECONDS = 90


class Service:
    """run_tts_subscriber with its own database; ready to speak once constructed."""

    name = "moxie"

    def __init__(self, broker: Broker, work: Path, voice: Path | None, **env: str) -> None:
        if voice is not None:
            model = copy_voice(voice, work / "voices")
            env |= {"TTS_ENGINE": "piper", "PIPER_MODEL": str(model)}
        else:
            env |= {"TTS_ENGINE": "espeak"}
        self.http_port = free_port()
        environment = clean_environment(
            work,
            MQTT_HOST="127.0.0.1",
            MQTT_PORT=str(broker.port),
            HTTP_PORT=str(self.http_port),
            TTS_DRAIN_SECONDS="0",
            **env,
        )
        make_database(environment)
        self._utterance: str = ""
        self._is_online = False
        self.wire = Wire(broker.port, STATUS_TOPIC, f"{HEALTH_TOPIC}/+")
        self.program = Program(manage("run_tts_subscriber"), work / "service.log", environment)
        try:
            self.program.wait_until(self._came_online, "the speech service", START_SECONDS)
        except BaseException:
            self.close()
            raise

    def say(self, text: str) -> str:
        """Publish an utterance and return its id."""
        self._utterance = str(uuid.uuid4())
        chunks = Chunk(utterance_id=uuid.UUID(self._utterance), text=text, source=SOURCE).split()
        for chunk in chunks:
            self.wire.publish(TOPIC, chunk.to_payload())
        return self._utterance

    def control(self, action: str) -> None:
        self.wire.publish(CONTROL_TOPIC, Control(action=action).to_payload())

    def finish(self, *, whole: bool) -> None:
        """Wait until the last utterance was spoken, or interrupt it."""
        if not whole:
            self.control("interrupt")
        self.wait_for_end()

    def wait_for_end(self, timeout_seconds: float = 90) -> str:
        """Wait for the end of the last utterance. Return how it ended."""
        ended: list[str] = []

        def is_end(_topic: str, payload: bytes) -> bool:
            utterance, event = read_event(payload)
            if utterance == self._utterance and event in ENDS:
                ended.append(event)
                return True
            return False

        try:
            self.wire.wait_for(is_end, "the end of an utterance", timeout_seconds)
        except BenchError as exc:
            raise BenchError(f"{exc}\n{self.program.tail()}") from exc
        self.wire.forget()
        if ended[0] in {"failed", "expired"}:
            raise BenchError(f"an utterance {ended[0]}\n{self.program.tail()}")
        return ended[0]

    def close(self) -> None:
        self.program.close()
        self.wire.close()

    def _came_online(self) -> bool:
        """Return True once its birth message shows that it is ready."""
        for topic, payload in self.wire.take(0.05):
            if topic.startswith(HEALTH_TOPIC) and json.loads(payload)["status"] == "online":
                self._is_online = True
        return self._is_online


def read_event(payload: bytes) -> tuple[str, str]:
    """Return the utterance id and event of a status message."""
    fields = json.loads(payload)
    return str(fields.get("id", "")), str(fields.get("event", ""))
