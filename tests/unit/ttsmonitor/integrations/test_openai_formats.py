"""The files of the OpenAI speech API, read by a decoder."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from ttsmonitor.integrations.openai_speech.formats import FORMATS, RATE

SECONDS = 2.0
TONE = np.rint(np.sin(np.arange(int(RATE * SECONDS)) * 0.1) * 12_000).astype("<i2")
BLOCK = 4_800


def parts_of(name: str) -> list[bytes]:
    _kind, make_encoder = FORMATS[name]
    encoder, pcm = make_encoder(), TONE.tobytes()
    made = [encoder.encode(pcm[at : at + BLOCK]) for at in range(0, len(pcm), BLOCK)]
    return [*made, encoder.finish()]


@pytest.mark.parametrize("name", ["wav", "mp3", "opus", "flac"])
def test_decoder_hears_the_tone_in_its_length(name: str) -> None:
    heard, rate = soundfile.read(io.BytesIO(b"".join(parts_of(name))))
    assert rate == RATE
    assert len(heard) / rate == pytest.approx(SECONDS, abs=0.1)
    loudness = np.sqrt((heard[RATE // 2 : RATE] ** 2).mean())
    assert loudness == pytest.approx(12_000 / 32_768 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("name", ["pcm", "wav", "mp3"])
def test_file_comes_in_parts_from_the_beginning(name: str) -> None:
    parts = parts_of(name)
    assert all(parts[1:4])
    assert len(parts[-1]) < sum(map(len, parts)) / 4


def test_pcm_is_the_sound_alone_and_wav_has_no_size() -> None:
    assert b"".join(parts_of("pcm")) == TONE.tobytes()
    wav = b"".join(parts_of("wav"))
    assert wav[44:] == TONE.tobytes()
    assert struct.unpack_from("<I", wav, 4) == struct.unpack_from("<I", wav, 40) == (0xFFFFFFFF,)
