"""Translation of what is not in the listener's language, before it is spoken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fakes import FakeOutput, FakeSynthesizer
from tests.support.model_stub import ModelStub, serving_model
from tests.support.tools import wait_until
from tests.unit.ttsmonitor.speaking.test_speaker import queued, wait_for
from ttsmirror.models import Utterance
from ttsmonitor.history import search
from ttsmonitor.models import TranslatedSentence, TranslationPrompt
from ttsmonitor.speaking.recorder import Recorder
from ttsmonitor.speaking.speaker import Speaker
from ttsmonitor.speaking.translation import language_name

pytestmark = pytest.mark.django_db(transaction=True)
Status = Utterance.Status


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModelStub]:
    with serving_model() as stub:
        monkeypatch.setenv("TTS_TRANSLATE", "1")
        monkeypatch.setenv("HIVE_CHAT_URL", stub.url)
        monkeypatch.setenv("HIVE_CHAT_KEY", "secret")
        monkeypatch.setenv("HIVE_CHAT_MODEL", "tiny")
        monkeypatch.setenv("TTS_ARGOS_DIR", str(tmp_path))
        yield stub


@pytest.fixture
def voice() -> FakeSynthesizer:
    return FakeSynthesizer()


@pytest.fixture
def speaker(model: ModelStub, voice: FakeSynthesizer) -> Iterator[Speaker]:
    recorder = Recorder(lambda changes: None)
    speaker = Speaker(voice, FakeOutput(), recorder)  # type: ignore[arg-type]
    recorder.start()
    speaker.start()
    yield speaker
    speaker.finish(drain_seconds=5)
    speaker.translator.stop()
    recorder.stop()


def said(voice: FakeSynthesizer) -> list[tuple[str, str]]:
    return [(request.lang, request.text) for request in voice.requests]


def speak(speaker: Speaker, text: str, lang: str = "en", **fields: str) -> Utterance:
    utterance = queued(text, lang=lang, **fields)
    speaker.wake()
    wait_for(utterance, Status.SPOKEN)
    return utterance


def test_other_language_is_translated_sentence_by_sentence(
    speaker: Speaker, model: ModelStub, voice: FakeSynthesizer
) -> None:
    # Two sentences are translated at a time, so the answers are told apart by the question.
    model.usual = ("Hola.",)
    utterance = speak(speaker, "Hello there. Hello again.")
    assert said(voice) == [("es", "Hola."), ("es", "Hola.")]
    assert utterance.text == "Hello there. Hello again."
    assert (utterance.translation, utterance.lang) == ("Hola. Hola.", "en")
    questions = sorted(words for each in (0, 1) for _role, words in model.messages(each))
    assert questions == ["Hello again.", "Hello there."]


def test_listeners_own_language_is_not_translated(
    speaker: Speaker, model: ModelStub, voice: FakeSynthesizer
) -> None:
    utterance = speak(speaker, "Buenos días.", lang="es-MX")
    assert said(voice) == [("es-MX", "Buenos días.")]
    assert utterance.translation == ""
    assert model.requests == []


def test_nothing_is_translated_unless_it_is_turned_on(
    speaker: Speaker, model: ModelStub, voice: FakeSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_TRANSLATE", "0")
    speak(speaker, "Good morning.")
    assert said(voice) == [("en", "Good morning.")]
    assert model.requests == []


def test_hanging_endpoint_leaves_original_with_reason(
    speaker: Speaker, model: ModelStub, voice: FakeSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_TRANSLATE_SECONDS", "0.3")
    never = threading.Event()
    model.usual = (never,)
    utterance = speak(speaker, "Good night. Sleep well.")
    assert said(voice) == [("en", "Good night. Sleep well.")]
    assert utterance.translation == ""
    assert "0.3 s" in utterance.failure or "timed out" in utterance.failure
    assert speaker.translator.error


@pytest.mark.parametrize("answer", [(500,), (b"{}",), ("",), ("bla " * 300,)])
def test_nonsense_from_endpoint_leaves_original(
    speaker: Speaker,
    model: ModelStub,
    voice: FakeSynthesizer,
    answer: tuple[int | bytes | str, ...],
) -> None:
    model.usual = answer
    utterance = speak(speaker, "Good night.")
    assert said(voice) == [("en", "Good night.")]
    assert utterance.failure.startswith("not translated: ")


def test_failure_in_the_middle_keeps_order_and_both_languages(
    speaker: Speaker, model: ModelStub, voice: FakeSynthesizer
) -> None:
    TranslationPrompt.objects.create(prompt="Into {target}.")
    speak(speaker, "One day it rained.", device_id="earlier")
    model.usual = (500,)
    utterance = speak(speaker, "One day it rained. Then the sun came. The end.")
    assert said(voice)[1:] == [
        ("es", "Me gusta. ¿Y tú?"),
        ("en", "Then the sun came. The end."),
    ]
    assert utterance.translation == "Me gusta. ¿Y tú? Then the sun came. The end."


def test_model_failure_is_forgotten_at_the_next_translation(
    speaker: Speaker, model: ModelStub, voice: FakeSynthesizer
) -> None:
    model.answer(500)
    speak(speaker, "Good night.")
    assert speaker.translator.error
    speak(speaker, "Good morning.")
    assert speaker.translator.error == ""
    counts = speaker.translator.counts
    assert (counts.done, counts.failed, counts.requests) == (1, 1, 2)
    assert counts.seconds > 0


def test_translation_is_cached_and_can_be_corrected(
    speaker: Speaker, model: ModelStub, voice: FakeSynthesizer
) -> None:
    model.usual = ("Buenas noches.",)
    speak(speaker, "Good night.")
    wait_until(TranslatedSentence.objects.exists, "translation kept")
    TranslatedSentence.objects.update(translation="Que descanses.")
    speak(speaker, "Good night.")
    assert said(voice) == [("es", "Buenas noches."), ("es", "Que descanses.")]
    assert len(model.requests) == 1


def test_interrupt_ends_waiting_for_a_translation(
    speaker: Speaker, model: ModelStub, voice: FakeSynthesizer
) -> None:
    model.usual = (threading.Event(),)
    utterance = queued("Good night.", lang="en")
    speaker.wake()
    wait_until(lambda: speaker.performance is not None, "taken from the queue")
    wait_until(lambda: bool(model.requests), "asked for a translation")
    from ttsmonitor.speaking.performance import CUT_SHORT

    assert speaker.cancel_current(CUT_SHORT)
    wait_for(utterance, Status.INTERRUPTED)
    assert voice.requests == []


def test_instructions_and_key_reach_the_conversations_endpoint(
    speaker: Speaker, model: ModelStub
) -> None:
    TranslationPrompt.objects.create(prompt="{source} > {target}")
    speak(speaker, "Good night.")
    assert model.requests[0]["messages"][0]["content"] == "English > Spanish"
    assert model.keys == ["Bearer secret"]


def test_key_of_the_conversation_is_not_sent_elsewhere(
    speaker: Speaker, model: ModelStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIVE_CHAT_URL", "http://localhost:1/v1")
    monkeypatch.setenv("TTS_TRANSLATE_URL", model.url)
    speak(speaker, "Good night.")
    assert model.keys == ["Bearer none"]


def test_queued_utterance_is_translated_ahead(speaker: Speaker, model: ModelStub) -> None:
    utterance = Utterance(text="Good night.", lang="en", total_chunks=1)
    speaker.prefetch(utterance)
    wait_until(TranslatedSentence.objects.exists, "translated before its turn")


def test_both_texts_are_found(speaker: Speaker, model: ModelStub) -> None:
    model.usual = ("Buenas noches, pequeño.",)
    utterance = speak(speaker, "Good night, little one.")
    for words in ("little", "pequeño"):
        found = search.find(Utterance.objects.all(), words, {})
        assert [each.pk for each in found] == [utterance.pk]


def test_thoughts_of_the_model_are_not_spoken(
    speaker: Speaker, model: ModelStub, voice: FakeSynthesizer
) -> None:
    model.usual = ("<think>Easy.</think>Buenas noches.",)
    speak(speaker, "Good night.")
    assert said(voice) == [("es", "Buenas noches.")]


def test_unknown_language_keeps_its_tag() -> None:
    assert (language_name("es"), language_name("x-y")) == ("Spanish", "x-y")
