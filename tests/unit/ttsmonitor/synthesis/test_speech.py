"""A sentence that is read in several runs is spoken as one that is read whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.support.voice import FRAMES_PER_ID, make_voice
from ttsmonitor.synthesis.loudness import Samples
from ttsmonitor.synthesis.piper import speech as speech_module
from ttsmonitor.synthesis.piper.block_size import FIRST_IDS, MOST_IDS
from ttsmonitor.synthesis.piper.script import Script, script_of
from ttsmonitor.synthesis.piper.speech import ONSET_FRAMES, Scales, Speech
from ttsmonitor.synthesis.piper.stages import Stages, load_stages

SCALES = (0.0, 1.0, 0.0)
WORDS = "kasa de la aβwela ke βive lexos i kanta muy βien kwando ʎweβe sobɾe el tejado ɾoxo"


def sentence(words: str = WORDS) -> Script:
    known = {letter: number for number, letter in enumerate(sorted(set(words)), start=14)}
    phonemes = list(words)
    inner = [each for phoneme in phonemes for each in (known[phoneme], 0)]
    return script_of(phonemes, [1, 0, *inner, 2], lambda phoneme: 2)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    directory = tmp_path_factory.mktemp("voice")
    return load_stages(make_voice(directory / "tiny.onnx", timed=True, looks_around=4))


@pytest.fixture
def stages(voice: Stages, monkeypatch: pytest.MonkeyPatch) -> Stages:
    """Return the voice as on a computer that reads no more than it has to at first."""
    monkeypatch.setattr(voice.pacing, "first_ids", lambda: FIRST_IDS)
    return voice


class Reader:
    """The runs of the text stage."""

    def __init__(self, stages: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs: list[list[int]] = []
        self._read = stages.read
        monkeypatch.setattr(stages, "read", self.read)

    def read(self, ids: list[int], scales: Scales, speaker: int) -> tuple[Samples, list[int]]:
        self.runs.append(ids)
        return self._read(ids, scales, speaker)


@pytest.fixture
def reader(stages: Stages, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    yield Reader(stages, monkeypatch)


def spoken(speech: Speech) -> Samples:
    return np.concatenate(list(speech.blocks()))


def in_one_run(stages: Stages, script: Script) -> Samples:
    return spoken(Speech(stages, Script(script.ids), SCALES))


def test_sentence_in_two_runs_equals_one_run(stages: Stages, reader: Reader) -> None:
    script = sentence()
    speech = Speech(stages, script, SCALES)
    sound = spoken(speech)
    assert len(reader.runs) == 2 and len(speech.joints) == 1
    assert np.abs(sound - in_one_run(stages, script)).max() < 1e-4


def test_first_run_goes_beyond_what_is_kept(stages: Stages, reader: Reader) -> None:
    script = sentence()
    speech = Speech(stages, script, SCALES)
    spoken(speech)
    first, second = reader.runs
    assert len(first) < len(script.ids)
    assert speech.joints[0] in script.words, "a word was cut"
    assert len(first) - 1 - speech.joints[0] >= speech_module.LOOK_AHEAD
    assert second == script.ids, "the second run has not the whole sentence"


def test_words_cut_without_context_would_be_heard(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech_module, "LOOK_AHEAD", 0)
    monkeypatch.setattr(stages.pacing, "cover", lambda ids: 100_000)
    script = sentence()
    sound = spoken(Speech(stages, script, SCALES))
    assert np.abs(sound - in_one_run(stages, script)).max() > 1e-3


def test_short_sentence_is_read_in_one_run(stages: Stages, reader: Reader) -> None:
    spoken(Speech(stages, sentence("ola soj moksi"), SCALES))
    assert len(reader.runs) == 1


@pytest.mark.parametrize("words", [" ".join([WORDS] * 12), "a" * 900])
def test_endless_sentence_is_read_in_bounded_runs(
    stages: Stages, reader: Reader, words: str
) -> None:
    script = sentence(words)
    sound = spoken(Speech(stages, script, SCALES))
    assert len(reader.runs) > 2
    assert max(map(len, reader.runs)) <= MOST_IDS * speech_module.STRETCH + 2
    whole = in_one_run(stages, script)
    assert len(sound) == len(whole)
    assert np.abs(sound - whole).max() < 1e-4


def test_voice_without_lengths_reads_whole_sentences(tmp_path: Path) -> None:
    untold = load_stages(make_voice(tmp_path / "tiny.onnx"))
    script = sentence()
    speech = Speech(untold, script, SCALES, is_silence_cut=True)
    sound = spoken(speech)
    assert not speech.is_told and not speech.joints
    assert len(sound) == len(script.ids) * FRAMES_PER_ID * untold.hop
    assert len(speech.begins) == len(script.phonemes)


def test_silence_before_the_first_phoneme_is_not_decoded(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = sentence()
    whole = spoken(Speech(stages, script, SCALES))
    windows: list[int] = []
    decode = stages.decoder

    def decoder(latent: Samples, speaker: int) -> Samples:
        windows.append(latent.shape[2])
        return decode(latent, speaker)

    monkeypatch.setattr(stages, "decoder", decoder)
    speech = Speech(stages, script, SCALES, is_silence_cut=True)
    sound = spoken(speech)
    silence = (script.lead * FRAMES_PER_ID - ONSET_FRAMES) * stages.hop
    assert len(whole) - len(sound) == silence > 0
    assert speech.begins[0] == ONSET_FRAMES * stages.hop
    assert windows[0] == stages.pacing.first() + ONSET_FRAMES + stages.decoder_context
    inner = slice(stages.decoder_context * stages.hop, None)
    assert np.abs(sound[inner] - whole[silence:][inner]).max() < 1e-4


def test_phonemes_begin_where_the_voice_says(stages: Stages) -> None:
    script = sentence()
    speech = Speech(stages, script, SCALES)
    blocks = speech.blocks()
    next(blocks)
    known = len(speech.begins)
    assert 0 < known < len(script.phonemes), "only what was read is known"
    list(blocks)
    each = 2 * FRAMES_PER_ID * stages.hop
    assert speech.begins == [each * (number + 1) for number in range(len(script.phonemes))]


def test_sound_of_a_slow_computer_is_held_until_it_lasts(
    stages: Stages, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = sentence()
    expected = spoken(Speech(stages, script, SCALES))
    monkeypatch.setattr(stages.pacing, "held_seconds", lambda *left: 2.0)
    blocks = list(Speech(stages, script, SCALES).blocks())
    first = next(number for number, block in enumerate(blocks) if block.size)
    assert first > 2, "nobody is asked meanwhile whether more is wanted"
    begun = [block for block in blocks if block.size]
    assert np.abs(np.concatenate(begun) - expected).max() < 1e-4
