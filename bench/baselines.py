"""Processes to compare with: two baselines and one that confirms every utterance.

    python -m bench.baselines library --port 1883 --model voice.onnx    Piper in memory, PyAudio
    python -m bench.baselines program --port 1883 --model voice.onnx    Piper per message, paplay
    python -m bench.baselines confirm --port 1883                       confirms each utterance

A baseline speaks the texts published on `bench/<name>/text`, falls silent on `bench/<name>/stop`,
and publishes on `bench/<name>/idle` that it is ready for the next text.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Protocol

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

SLICE_SECONDS = 0.02
WARM_UP = "Hola."


class Speaker(Protocol):
    """The speaking part of a baseline."""

    def speak(self, text: str) -> None:
        """Speak a text. Return once it was heard or stopped."""

    def stop(self) -> None:
        """End speak() soon. Called from another thread."""


class LibrarySpeaker:
    """The Piper library held in memory: a sentence is synthesized, then played."""

    def __init__(self, model: Path) -> None:
        import pyaudio
        from piper import PiperVoice

        self._voice = PiperVoice.load(model)
        list(self._voice.synthesize(WARM_UP))
        self._stopped = threading.Event()
        self._rate: int = self._voice.config.sample_rate
        self._stream = pyaudio.PyAudio().open(
            rate=self._rate, channels=1, format=pyaudio.paInt16, output=True, start=False
        )

    def speak(self, text: str) -> None:
        self._stopped.clear()
        self._stream.start_stream()
        for sentence in self._voice.synthesize(text):
            self._play(sentence.audio_int16_bytes)
            if self._stopped.is_set():
                break
        self._stream.stop_stream()

    def stop(self) -> None:
        self._stopped.set()

    def _play(self, pcm: bytes) -> None:
        step = 2 * round(SLICE_SECONDS * self._rate)
        for start in range(0, len(pcm), step):
            if self._stopped.is_set():
                return
            self._stream.write(pcm[start : start + step])


class ProgramSpeaker:
    """The Piper program started for each message, and its WAV file played with paplay."""

    def __init__(self, model: Path) -> None:
        self._command = [sys.executable, "-m", "piper", "-m", str(model)]
        self._path = str(Path(os.environ["MOXIE_WORK_DIR"]) / "program.wav")
        self._running: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def speak(self, text: str) -> None:
        self._stopped = False
        # Pass the text as an argument, as in Piper's instructions.
        if self._run([*self._command, "-f", self._path, "--", text]):
            self._run(["paplay", self._path])

    def stop(self) -> None:
        self._stopped = True
        if self._running is not None:
            self._running.kill()

    def _run(self, command: list[str]) -> bool:
        if self._stopped:
            return False
        self._running = subprocess.Popen(command)
        return self._running.wait() == 0


def speak_what_arrives(name: str, speaker: Speaker, port: int) -> None:
    """Run a minimal subscriber that speaks each message."""
    texts: queue.SimpleQueue[str] = queue.SimpleQueue()

    def arrived(_client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        if message.topic.endswith("/stop"):
            speaker.stop()
        else:
            texts.put(message.payload.decode())

    client = connect(port, [f"bench/{name}/text", f"bench/{name}/stop"], arrived)
    while True:
        client.publish(f"bench/{name}/idle", b"", qos=1)
        speaker.speak(texts.get())


def confirm_what_arrives(port: int) -> None:
    """Stand in for a subscriber that stores at once."""

    def arrived(client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        fields = json.loads(message.payload)
        if fields["chunk"] == fields["total_chunks"]:
            told = {"id": fields["id"], "event": "stored", "status": "idle", "queue_size": 0}
            client.publish("moxie/tts/status", json.dumps(told))

    client = connect(port, ["moxie/tts/text/#"], arrived)
    client.publish("bench/confirm/idle", b"", qos=1)
    threading.Event().wait()


def connect(port: int, topics: list[str], on_message: Any) -> paho.Client:
    """Return a connected and subscribed client."""
    subscribed = threading.Event()

    def subscribe(*_: object) -> None:
        client.subscribe([(topic, 1) for topic in topics])

    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = on_message
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_connect = subscribe
    client.connect("127.0.0.1", port)
    client.loop_start()
    if not subscribed.wait(10):
        raise SystemExit("the broker did not take a subscription")
    return client


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("kind", choices=["library", "program", "confirm"])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", type=Path)
    args = parser.parse_args()
    if args.kind == "confirm":
        confirm_what_arrives(args.port)
        return
    speaker: Speaker = (
        LibrarySpeaker(args.model) if args.kind == "library" else ProgramSpeaker(args.model)
    )
    speak_what_arrives(args.kind, speaker, args.port)


if __name__ == "__main__":
    main()
