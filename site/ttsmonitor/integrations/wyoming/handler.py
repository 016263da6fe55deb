"""A connection of the Wyoming protocol: what is asked, and the sound that answers it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, Eventable
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice, TtsVoiceSpeaker
from wyoming.server import AsyncEventHandler
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from ttsmirror.reasons import reason_of
from ttsmirror.version import VERSION
from ttsmonitor.integrations.openai_speech.formats import RATE
from ttsmonitor.integrations.wyoming.speech_client import SpeechClient, SpeechServiceError
from ttsmonitor.language.sentences import Sentences

logger = logging.getLogger(__name__)

ATTRIBUTION = Attribution(name="Moxie TTS mirror", url="")
SAMPLE_BYTES = 2


class Handler(AsyncEventHandler):
    """Serves one client. A text that comes in parts is spoken sentence by sentence."""

    def __init__(self, *streams: Any, client: SpeechClient) -> None:
        """Take the streams of the connection, and where sound comes from."""
        super().__init__(*streams)
        self._client = client
        self._sentences: Sentences | None = None  # of a text that comes in parts
        self._voice: SynthesizeVoice | None = None
        self._has_begun = False

    async def handle_event(self, event: Event) -> bool:
        """Answer an event; return False, to close the connection, if the client is gone."""
        try:
            await self._handle(event)
        except SpeechServiceError as exc:
            logger.warning("no sound for a Wyoming client: %s", reason_of(exc))
            self._sentences = None
            await self._write(Error(text=str(exc), code="speech-service"))
        except ConnectionError:
            return False
        return True

    async def _handle(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self._write(await self._info())
        elif Synthesize.is_type(event.type):
            if self._sentences is None:  # else it repeats the text that came in parts
                whole = Synthesize.from_event(event)
                self._voice, self._has_begun = whole.voice, False
                await self._speak(whole.text)
                await self._end()
        elif SynthesizeStart.is_type(event.type):
            self._sentences, self._has_begun = Sentences(), False
            self._voice = SynthesizeStart.from_event(event).voice
        elif SynthesizeChunk.is_type(event.type) and self._sentences is not None:
            complete = self._sentences.feed(SynthesizeChunk.from_event(event).text)
            await self._speak("".join(complete))
        elif SynthesizeStop.is_type(event.type) and self._sentences is not None:
            await self._speak(self._sentences.flush())
            await self._end()
            self._sentences = None
            await self._write(SynthesizeStopped())

    async def _speak(self, text: str) -> None:
        if not text.strip():
            return
        sound: Any = self._client.sound(text, **options_of(self._voice))
        async with aclosing(sound) as parts:
            await self._pass_on(parts)

    async def _pass_on(self, parts: AsyncIterator[bytes]) -> None:
        async for pcm in parts:
            if pcm:
                await self._begin()
                await self._write(AudioChunk(RATE, SAMPLE_BYTES, 1, pcm))

    async def _begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            await self._write(AudioStart(RATE, SAMPLE_BYTES, 1))

    async def _end(self) -> None:
        await self._begin()  # of a text without words, too
        await self._write(AudioStop())

    async def _write(self, event: Eventable) -> None:
        await self.write_event(event.event())

    async def _info(self) -> Info:
        voices = [_voice(each) for each in await self._client.voices()]
        program = TtsProgram(
            name="moxie",
            attribution=ATTRIBUTION,
            installed=True,
            description="Moxie",
            version=VERSION,
            voices=voices,
            supports_synthesize_streaming=True,
        )
        return Info(tts=[program])


def _voice(voice: dict[str, Any]) -> TtsVoice:
    count = voice["speakers"]
    speakers = [TtsVoiceSpeaker(str(number)) for number in range(count)] if count > 1 else None
    return TtsVoice(
        name=voice["id"],
        attribution=ATTRIBUTION,
        installed=True,
        description=voice["name"],
        version=None,
        languages=voice["languages"],
        speakers=speakers,
    )


def options_of(voice: SynthesizeVoice | None) -> dict[str, Any]:
    """Return how the wanted voice is asked of the speech service."""
    if voice is None:
        return {}
    options: dict[str, Any] = {}
    if voice.name:
        options["voice"] = voice.name
    elif voice.language:
        options["lang"] = voice.language.replace("_", "-")
    if voice.speaker and voice.speaker.isdecimal():
        options["speaker"] = int(voice.speaker)
    return options
