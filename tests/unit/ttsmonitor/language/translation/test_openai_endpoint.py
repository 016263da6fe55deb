from collections.abc import Iterator

import pytest

from tests.support.model_stub import ModelStub, serving_model
from ttsmonitor.exceptions import TranslationError
from ttsmonitor.language.translation.base import Request, checked
from ttsmonitor.language.translation.openai_endpoint import Endpoint, OpenAIEndpoint

HELLO = Request("Good night, little one.", "en", "es")


@pytest.fixture
def model() -> Iterator[ModelStub]:
    with serving_model() as stub:
        yield stub


def engine(model: ModelStub, prompt: str = "From {source} into {target}.") -> OpenAIEndpoint:
    names = {"en": "English", "es": "Spanish"}
    return OpenAIEndpoint(Endpoint(model.url, "key", "tiny"), prompt, lambda lang: names[lang])


def test_sentence_and_languages_reach_the_model(model: ModelStub) -> None:
    model.answer("Buenas noches, ", "pequeño.")
    assert engine(model).translate(HELLO, 5.0) == "Buenas noches, pequeño."
    prompt, question = model.requests[0]["messages"]
    assert prompt["content"] == "From English into Spanish."
    assert question == {"role": "user", "content": "Good night, little one."}


@pytest.mark.parametrize(
    "answer",
    [(503,), (b"<html>no</html>",), (b"[]",), (b'{"choices": []}',)],
    ids=["error", "html", "list", "nothing"],
)
def test_answer_that_is_none_is_a_translation_error(
    model: ModelStub, answer: tuple[int | bytes, ...]
) -> None:
    model.answer(*answer)
    with pytest.raises(TranslationError, match=model.url):
        engine(model).translate(HELLO, 5.0)


def test_hanging_endpoint_ends_within_its_time(model: ModelStub) -> None:
    model.answer(model.closing)
    with pytest.raises(TranslationError):
        engine(model).translate(HELLO, 0.2)


def test_another_prompt_or_model_makes_other_translations(model: ModelStub) -> None:
    assert engine(model, "a {target}").variant() != engine(model, "b {target}").variant()


def test_missing_model_is_named_with_the_setting() -> None:
    unset = OpenAIEndpoint(Endpoint("http://localhost:1/v1", "", ""))
    assert "TTS_TRANSLATE_MODEL" in unset.unavailable("en", "es")


@pytest.mark.parametrize("answer", ["", "  ", "🙂", "bla " * 200])
def test_nonsense_is_no_translation(answer: str) -> None:
    with pytest.raises(TranslationError):
        checked(HELLO, answer)
