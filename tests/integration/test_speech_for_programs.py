"""A speech service that other programs use: over HTTP as OpenAI's, and by the Wyoming protocol."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from tests.support.history import history_of
from tests.support.tools import free_port, manage, run, running

STORY = "Había una vez un robot que quería aprender a nadar en el mar con los delfines. " * 60
HELLO = "Hola, soy Moxie."
TOKEN = """
from django.contrib.auth.models import User
from ttsmonitor.models import ApiToken
print(ApiToken.issue(User.objects.create_superuser("keeper"), "program", ["read", "speak"]))
"""


class Speech:
    """The speech service of this module, and a Wyoming server beside it."""

    def __init__(self, environment: dict[str, str], token: str) -> None:
        self.environment = environment
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, body: dict[str, Any], **headers: str) -> tuple[HTTPConnection, HTTPResponse]:
        connection = HTTPConnection("127.0.0.1", int(self.environment["HTTP_PORT"]), timeout=60)
        connection.request("POST", "/v1/audio/speech", json.dumps(body), self._headers | headers)
        return connection, connection.getresponse()

    def whole(self, body: dict[str, Any], **headers: str) -> bytes:
        connection, response = self.ask(body, **headers)
        content = response.read()
        connection.close()
        assert response.status == 200, content
        return content


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory, new_database: Path) -> Iterator[Speech]:
    work = tmp_path_factory.mktemp("speech")
    ports = {name: str(free_port()) for name in ("MQTT_PORT", "HTTP_PORT", "WYOMING_PORT")}
    environment = ports | {
        "MOXIE_WORK_DIR": str(work),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "TTS_ENGINE": "espeak",
        "TTS_AUDIO": "null",
        "TTS_CACHE_MB": "0",
    }
    shutil.copy(new_database, work)
    token = run(manage("shell", "-v0", "-c", TOKEN), environment).split()[-1]
    with running(manage("run_tts_subscriber"), environment) as service:
        with running(manage("run_wyoming"), environment) as server:
            service.wait_for_line("speech service ready")
            server.wait_for_line("Wyoming server ready")
            yield Speech(environment, token)


def test_program_gets_sound_while_it_is_made_and_can_hang_up(speech: Speech) -> None:
    connection, response = speech.ask({"input": STORY, "voice": "alloy", "response_format": "pcm"})
    assert (response.status, response.headers["Content-Type"]) == (200, "audio/pcm")
    assert len(response.read1(1_000)) > 0
    assert connection.sock is not None
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    normal = speech.whole({"input": HELLO, "response_format": "pcm"})
    assert 0.8 < len(normal) / 48_000 < 3
    fast = speech.whole({"input": HELLO, "response_format": "pcm", "speed": 2})
    assert len(fast) < 0.7 * len(normal)
    assert history_of(speech.environment) == []
    speech.whole({"input": HELLO}, **{"X-Moxie-History": "1"})
    assert history_of(speech.environment) == [(HELLO, "spoken", "")]


async def test_wyoming_client_hears_whole_texts_and_growing_ones(speech: Speech) -> None:
    port = int(speech.environment["WYOMING_PORT"])
    async with AsyncTcpClient("127.0.0.1", port) as client:
        await client.write_event(Describe().event())
        (program,) = Info.from_event(await _next(client)).tts
        assert program.supports_synthesize_streaming
        assert [voice.name for voice in program.voices] == ["espeak"]
        assert program.voices[0].languages == ["es", "en"]
        await client.write_event(Synthesize(HELLO, SynthesizeVoice(name="espeak")).event())
        assert await _seconds(client, AudioStop) > 0.8
        await client.write_event(SynthesizeStart(SynthesizeVoice(language="es_MX")).event())
        await client.write_event(SynthesizeChunk("Hola, soy Moxie. ¿Có").event())
        assert AudioStart.is_type((await _next(client)).type)  # before the text is complete
        for part in ("mo estás", "?"):
            await client.write_event(SynthesizeChunk(part).event())
        await client.write_event(Synthesize("Hola, soy Moxie. ¿Cómo estás?").event())
        await client.write_event(SynthesizeStop().event())
        assert await _seconds(client, SynthesizeStopped) > 1.5
        await client.write_event(Synthesize("Hola", SynthesizeVoice(name="nobody")).event())
        failed = await _next(client)
        assert failed.type == "error"
        assert "nobody" in failed.data["text"]
    assert [text for text, _status, _why in history_of(speech.environment)] in ([], [HELLO])


async def _next(client: AsyncTcpClient) -> Event:
    event = await asyncio.wait_for(client.read_event(), 30)
    assert event is not None
    return event


async def _seconds(client: AsyncTcpClient, end: Any) -> float:
    """Return the length of the sound up to an event."""
    seconds = 0.0
    while not end.is_type((event := await _next(client)).type):
        if AudioChunk.is_type(event.type):
            chunk = AudioChunk.from_event(event)
            seconds += len(chunk.audio) / chunk.width / chunk.rate
    return seconds
