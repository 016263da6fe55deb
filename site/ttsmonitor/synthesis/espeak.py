"""eSpeak NG through the library that `espeakng-loader` carries: intelligible, no voice file.

Source of the interface: espeak-ng's `speak_lib.h`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from ttsmirror.reasons import Reason
from ttsmirror.text import language_tag
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import (
    Block,
    Emit,
    Engine,
    EngineConfig,
    EngineProvider,
    Mark,
    SpeechRequest,
)
from ttsmonitor.synthesis.voice import Voice, VoiceLabel

AUDIO_OUTPUT_SYNCHRONOUS = 2
CHARS_UTF8 = 1
RATE, VOLUME = 1, 2
POS_CHARACTER = 1

IPA = 0x02

WORD_EVENT, LAST_EVENT = 1, 0

BLOCK_MS = 40
WORDS_PER_MINUTE = 165
LOUDNESS = 80


class _Event(ctypes.Structure):
    """The C struct espeak_EVENT: something begins in the text and in the sound."""

    _fields_: ClassVar = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # milliseconds from the beginning
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    ]


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, kw_only=True)
class EspeakVoice(Voice):
    """The voice of eSpeak NG, which reads any language."""

    def reads(self, lang: str) -> bool:
        """Return True: an unknown language is read as the default one."""
        return True

    def label(self, lang: str) -> VoiceLabel:
        """Return a label with the language as the voice."""
        return VoiceLabel(self.engine, lang)


class EspeakProvider(EngineProvider):
    """eSpeak NG, which is always there. Its voice is named as the engine."""

    name = "espeak"

    def __init__(self) -> None:
        """Offer the only voice."""
        self._voice = EspeakVoice(engine=self.name, name=self.name, title="eSpeak NG")

    def voices(self, config: EngineConfig) -> list[Voice]:
        """Return the voice."""
        return [self._voice]

    def default_voice(self, config: EngineConfig) -> Voice:
        """Return the voice, whatever the settings name."""
        return self._voice

    def create(self, voice: Voice, config: EngineConfig) -> Engine:
        """Start the library. Raises SynthesisError."""
        return EspeakEngine(config.lang)


class EspeakEngine(Engine):
    """eSpeak NG. One per process: the library keeps its state in globals."""

    def __init__(self, lang: str = "es") -> None:
        """Start the library; `lang` is the language of a text that does not say its own."""
        import espeakng_loader  # imported late: the speech service needs only the provider

        self.voice_name = ""
        self._lang = lang
        self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_Initialize.restype = ctypes.c_int
        self._rate = self._library.espeak_Initialize(
            AUDIO_OUTPUT_SYNCHRONOUS, BLOCK_MS, espeakng_loader.get_data_path().encode(), 0
        )
        if self._rate <= 0:
            raise SynthesisError(Reason("eSpeak NG could not be started: its data was not found"))
        self._emit: Emit = lambda block: False
        self._failure: BaseException | None = None
        self._text, self._samples = "", 0  # the text, and how much of its sound was emitted
        self._callback = _Callback(self._emit_block)  # kept: the library holds only its address
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, request: SpeechRequest, emit: Emit) -> None:
        """Emit the sound of `request`; an unknown language is read as the default one."""
        self._choose_voice(request.lang or self._lang)
        self._library.espeak_SetParameter(RATE, round(WORDS_PER_MINUTE * request.speed), 0)
        self._library.espeak_SetParameter(VOLUME, round(LOUDNESS * request.volume), 0)
        self._emit, self._failure = emit, None
        self._text, self._samples = request.text, 0
        data = request.text.encode()
        error = self._library.espeak_Synth(
            data, ctypes.c_size_t(len(data) + 1), 0, POS_CHARACTER, 0, CHARS_UTF8, None, None
        )
        if self._failure is not None:
            raise self._failure
        if error:
            raise SynthesisError(
                Reason("eSpeak NG refused the text (error {number})", number=error)
            )

    def phonemes(self, text: str, lang: str = "") -> str:
        """Return the phonemes of `text` in IPA, its clauses separated by spaces."""
        self._choose_voice(lang or self._lang)
        translate = self._library.espeak_TextToPhonemes
        translate.restype = ctypes.c_char_p
        buffer = ctypes.create_string_buffer(text.encode())
        rest = ctypes.cast(buffer, ctypes.c_void_p)
        clauses = []
        while rest.value:
            clauses.append((translate(ctypes.byref(rest), CHARS_UTF8, IPA) or b"").decode())
        return " ".join(filter(None, (each.strip() for each in clauses)))

    def _choose_voice(self, lang: str) -> None:
        wanted = language_tag(lang)
        for name in (wanted, wanted.partition("-")[0], self._lang, "es"):
            if name and self._library.espeak_SetVoiceByName(name.encode()) == 0:
                self.voice_name = name
                return
        raise SynthesisError(Reason("eSpeak NG has no voice for {lang}", lang=repr(lang)))

    def _emit_block(self, samples: Any, count: int, events: Any) -> int:
        # Called by C: an exception would be lost here, so it is stored for speak().
        if not samples or count <= 0:
            return 0
        try:
            block = Block(
                ctypes.string_at(samples, count * 2), self._rate, tuple(self._marks(events))
            )
            self._samples += count
            return 0 if self._emit(block) else 1
        except BaseException as exc:
            self._failure = exc
            return 1

    def _marks(self, events: Any) -> Iterator[Mark]:
        """Yield the words that begin in the current block."""
        for event in events:
            if event.type == LAST_EVENT:
                return
            if event.type == WORD_EVENT:
                start = event.text_position - 1
                seconds = event.audio_position / 1000 - self._samples / self._rate
                word = self._text[start : start + event.length]
                yield Mark(word, round(seconds, 3), start)
