"""Pronunciations on their way from the database to an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.web_fakes import utterance
from ttsmonitor.models import PronunciationEntry
from ttsmonitor.speaking.pronunciation_tables import PronunciationTables
from ttsmonitor.speaking.wording import pieces_of, wordings
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.synthesizer import Synthesizer

pytestmark = pytest.mark.django_db


def request(text: str, **fields: Any) -> SpeechRequest:
    row = utterance(text, **fields)
    return next(wordings(row, pieces_of(row))).request


def test_table_of_the_language_is_applied() -> None:
    spanish = request("Moxie vive en Oaxaca", lang="es")
    assert spanish.text == "Moxie vive en Oajaca"
    assert spanish.phonemes == (("moxie", "mˈoksi"),)
    english = request("Moxie lives in Oaxaca", lang="en-GB")
    assert english.text == "Moxie lives in Wahaka"
    assert dict(english.phonemes) == {"moxie": "mˈɑːksi", "wahaka": "wəhˈɑːkə"}
    assert request("Moxie lebt in Oaxaca", lang="de").text == "Moxie lebt in Oaxaca"


def test_change_is_heard_in_the_next_sentence() -> None:
    assert request("Xiadani", lang="es").text == "Xiadani"
    entry = PronunciationEntry.objects.create(written="Xiadani", said="siadani")
    assert request("Xiadani", lang="es").text == "Siadani"
    entry.said = "chiadani"
    entry.save()
    assert request("Xiadani", lang="es").text == "Chiadani"
    entry.delete()
    assert request("Xiadani", lang="es").text == "Xiadani"


def test_unchanged_table_is_compiled_once() -> None:
    tables = PronunciationTables()
    tables.refresh()
    first = tables.table("es")
    tables.refresh()
    assert tables.table("es") is first
    PronunciationEntry.objects.create(written="Xiadani", said="siadani")
    assert tables.table("es") is first
    tables.refresh()
    assert tables.table("es") is not first


def test_phonemes_reach_no_engine_from_a_text() -> None:
    spoken = request("[[mˈuʃi]] Hola [[kirshenbaum]]", lang="es")
    assert spoken.phonemes == ()


def test_changed_pronunciation_has_another_sound_in_the_cache(tmp_path: Path) -> None:
    synthesizer = Synthesizer(EngineConfig("espeak"), cache=SoundCache(tmp_path, 1_000_000))

    def key(**fields: Any) -> str:
        return synthesizer._find_sound(SpeechRequest("Moksi", "en", **fields))[1]

    assert len({key(), key(phonemes=(("moksi", "mˈoksi"),)), key(phonemes=(("moksi", "x"),))}) == 3


def test_spoken_words_keep_their_places_in_the_text() -> None:
    row = utterance("En Oaxaca hoy.", lang="es")
    (wording,) = wordings(row, pieces_of(row))
    assert wording.request.text == "En Oajaca hoy."
    assert wording.place_of(wording.request.text.index("hoy")) == row.text.index("hoy")
