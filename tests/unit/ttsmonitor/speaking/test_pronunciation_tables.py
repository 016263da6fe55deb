"""Pronunciations on their way from the database to an engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.spoken import request_for
from tests.support.web_fakes import utterance
from ttsmonitor.models import PronunciationEntry
from ttsmonitor.speaking.pronunciation_tables import PronunciationTables
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.synthesizer import Synthesizer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("starters")]


def request(text: str, **fields: Any) -> SpeechRequest:
    return request_for(utterance(text, **fields), text)


def test_table_of_the_language_is_applied() -> None:
    assert request("Moxie vive en Oaxaca", lang="es").text == "Moxie vive en Oajaca"
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
    spoken = request("[[mˈuʃi]] Moxie [[kirshenbaum]]", lang="es")
    assert spoken.phonemes == (("moxie", "mˈoksi"),)


def test_changed_pronunciation_has_another_sound_in_the_cache(tmp_path: Path) -> None:
    synthesizer = Synthesizer(EngineConfig("espeak"), cache=SoundCache(tmp_path, 1_000_000))

    def key(**fields: Any) -> str:
        return synthesizer._find_sound(SpeechRequest("Moksi", "en", **fields))[1]

    assert len({key(), key(phonemes=(("moksi", "mˈoksi"),)), key(phonemes=(("moksi", "x"),))}) == 3
