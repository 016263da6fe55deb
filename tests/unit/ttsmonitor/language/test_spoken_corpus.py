"""Written texts are read as people say them: tests/corpus, by the sounds of eSpeak NG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from piper import PiperVoice
from piper.config import PiperConfig

from ttsmonitor.language.pipeline import spoken_text

CORPUS = Path(__file__).parents[3] / "corpus"
VOICES = {"es": "es", "es-ES": "es", "en": "en-us", "en-GB": "en-us"}
AMERICAN_SPANISH = "es-419"
NOT_MINDED = str.maketrans("ɛʎɔ", "eʝo")
"""Differences of sound that nobody minds."""
SILENT = re.compile(r"[ˈˌːˑ\s.,;:!?¡¿…\"'«»“”()\-—–|_]")
DESCRIPTION = {
    "audio": {"sample_rate": 22_050},
    "inference": {},
    "phoneme_id_map": {},
    "num_symbols": 1,
    "num_speakers": 1,
}


def rows(name: str) -> Iterator[tuple[str, str, str]]:
    for line in (CORPUS / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            lang, _kind, written, right = line.split("\t")
            yield lang, written, right


@cache
def phonemizer(voice: str) -> PiperVoice:
    # By way of the voice: eSpeak NG must not be started twice in a process.
    config = PiperConfig.from_dict(DESCRIPTION | {"espeak": {"voice": voice}})
    return PiperVoice(session=None, config=config)


def sounds(text: str, lang: str) -> str:
    voice = phonemizer(VOICES.get(lang, AMERICAN_SPANISH))
    heard = "".join("".join(each) for each in voice.phonemize(text))
    return SILENT.sub("", heard.translate(NOT_MINDED))


@pytest.mark.parametrize(
    ("lang", "written", "right"), [*rows("spoken_es.tsv"), *rows("spoken_en.tsv")]
)
def test_written_text_is_heard_as_people_say_it(lang: str, written: str, right: str) -> None:
    said = spoken_text(written, lang).text
    assert sounds(said, lang) in {sounds(each, lang) for each in right.split(" | ")}, said


def test_corpus_covers_every_kind_in_both_languages() -> None:
    assert len([*rows("spoken_es.tsv")]) >= 300
    assert len([*rows("spoken_en.tsv")]) >= 100
