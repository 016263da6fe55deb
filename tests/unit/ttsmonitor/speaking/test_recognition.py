"""The language in which an utterance is spoken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.spoken import request_for
from tests.support.voice_files import install
from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.pieces import Piece, Pieces
from ttsmonitor.speaking.recognition import Recognition
from ttsmonitor.speaking.wording import wordings

pytestmark = pytest.mark.django_db

SPANISH, ENGLISH = "El perro corre por el parque.", "The dog runs through the park."


def language(text: str, **fields: Any) -> str:
    return request_for(utterance(text, **fields), text).lang


@pytest.mark.parametrize(("text", "lang"), [(SPANISH, "es"), (ENGLISH, "en"), ("Moxie", "es")])
def test_text_without_language_is_recognized(text: str, lang: str) -> None:
    assert language(text) == lang


def test_language_of_the_message_always_wins() -> None:
    assert language(SPANISH, lang="en-GB") == "en-GB"
    assert language(ENGLISH, lang="fr", voice="es_ES-davefx-medium") == "fr"


def test_named_voice_tells_the_language() -> None:
    assert language(ENGLISH, voice="es_ES-davefx-medium") == "es_ES"
    assert language(ENGLISH, voice="espeak") == "en"


def test_region_of_the_settings_is_kept(settings: Any) -> None:
    settings.TTS_LANG = "es-MX"
    settings.TTS_LANGUAGES = "es,en-GB"
    assert (language(SPANISH), language(ENGLISH), language("Moxie")) == ("es-MX", "en-GB", "es-MX")


@pytest.mark.parametrize("languages", ["es", "", "en"])
def test_single_language_turns_recognition_off(settings: Any, languages: str) -> None:
    settings.TTS_LANGUAGES = languages
    utterance(ENGLISH, lang="en", device_id="d_1")
    assert language(ENGLISH) == language("Moxie", device_id="d_1") == "es"


def test_undecided_text_is_in_what_the_robot_spoke_last() -> None:
    utterance(ENGLISH, lang="en", device_id="d_1")
    utterance("", device_id="d_1")
    assert language("Moxie", device_id="d_1") == "en"
    assert language("Moxie", device_id="d_2") == language("Moxie") == "es"
    assert language(SPANISH, device_id="d_1") == "es"
    utterance("Bonjour", lang="fr", device_id="d_1")  # not one that is recognized
    assert language("Moxie", device_id="d_1") == "en"


def test_undecided_text_is_in_the_language_of_the_robots_voice(
    tmp_path: Path, settings: Any
) -> None:
    settings.TTS_VOICE_DIR = str(tmp_path)
    install(tmp_path, "amy", "en-us")
    VoiceSetting.objects.create(voice="amy", device_id="d_1")
    assert language("Moxie", device_id="d_1") == "en-us"
    assert language("Moxie", device_id="d_2") == "es"


def spoken_in(*pieces: str, **fields: Any) -> list[str]:
    recognition = Recognition(Utterance(**fields), [])
    return [recognition.of(piece) for piece in pieces]


def test_streamed_answer_keeps_its_first_language() -> None:
    assert spoken_in(ENGLISH, "El perro corre.", "Moxie.") == ["en"] * 3


def test_undecided_beginning_is_decided_by_the_next_sentence() -> None:
    assert spoken_in("Moxie!", ENGLISH, SPANISH) == ["es", "en", "en"]


def test_language_does_not_change_within_a_sentence() -> None:
    row, pieces, text = Utterance(), Pieces(), ""
    chunks = ["Moxie! ", "Moxie, ", "the dog ", "runs away. ", "El perro corre. "]
    heard: list[tuple[str, str]] = []
    taken: list[Piece] = []
    for number, chunk in enumerate(chunks, start=1):
        text += chunk
        taken += pieces.take(text, is_complete=number == len(chunks))
    for wording in wordings(row, taken, []):
        heard.append((wording.request.text, wording.request.lang))
    assert heard[0] == ("Moxie!", "es")
    assert heard[1] == ("Moxie, the dog runs away.", "en")
    assert {lang for _text, lang in heard[1:]} == {"en"}


def test_marks_and_addresses_do_not_tell_the_language() -> None:
    assert language("<p class='the dog runs'>Moxie</p> https://the.dog.is/here/and/there") == "es"
    assert language("<think>the dog runs and barks</think>El perro ladra.") == "es"


def test_streamed_answer_with_a_language_is_not_recognized() -> None:
    assert spoken_in("Moxie!", ENGLISH, lang="es") == ["es", "es"]
