"""Each word begins with its own phoneme, also where a phonemizer joins words."""

from __future__ import annotations

from typing import Any

import pytest

from ttsmonitor.synthesis.piper.words import Words, words_of


@pytest.fixture(scope="module")
def piper_voices() -> dict[str, object]:
    from piper import PiperVoice
    from piper.config import PhonemeType, PiperConfig

    def voice(lang: str) -> PiperVoice:
        config = PiperConfig(
            num_symbols=256,
            num_speakers=1,
            sample_rate=22_050,
            espeak_voice=lang,
            phoneme_id_map={},
            phoneme_type=PhonemeType.ESPEAK,
            length_scale=1.0,
            noise_scale=0.0,
            noise_w_scale=0.0,
            hop_length=256,
        )
        return PiperVoice(session=None, config=config)

    return {lang: voice(lang) for lang in ("es", "en-us")}


def begins(text: str, *sentences: str) -> list[list[tuple[str, int]]]:
    words = Words(text, [list(each) for each in sentences], list)
    return [
        [(place.word.text, place.phoneme) for place in words.places(number)]
        for number in range(len(sentences))
    ]


def test_words_begin_where_their_phonemes_do() -> None:
    assert begins("Hola, amigo.", "ola, amiɣo.") == [[("Hola,", 0), ("amigo.", 5)]]
    assert begins("¡Sí! — Ya voy.", "si!", "ʝa βoj.") == [
        [("¡Sí!", 0)],
        [("Ya", 0), ("voy.", 3)],
    ]


def test_words_have_their_places_in_the_text() -> None:
    assert [(word.text, word.start) for word in words_of("Sí — ya, «voy».")] == [
        ("Sí", 0),
        ("ya,", 5),
        ("«voy».", 9),
    ]


def test_text_or_sound_without_words_has_no_places() -> None:
    assert begins("", "a") == [[]]
    assert begins("hola", "") == [[]]


@pytest.mark.parametrize(
    ("lang", "text", "last"),
    [
        ("en-us", "to the end of the road in the morning", "ʌv ðə ɹˈoʊd ɪn ðə mˈɔːɹ"),
        ("en-us", "There were one hundred and fifty robots", "wˌɜː wˈʌn hˈʌn ænd fˈɪf ɹˈoʊ"),
        ("en-us", "In 1984 there were 1,250 robots here.", "nˈaɪn ðɛɹ wˌɜː wˈʌn ɹˈoʊ hˈɪɹ"),
        ("en-us", 'The "big" U.S. team has 99 well-known songs', "jˌuː tˈiːm hɐz nˈaɪn wˈɛl sˈɔŋ"),
        ("es", "En 1984 había 1250 robots, o sea, muchos.", "mˈil aβˈi mˈil roβˈ o sˈea mˈut"),
        ("es", "Dijo «hola» a las 10 y se fue", "ˈola a las ðjˈɛθ i se fwˈe"),
    ],
)
def test_joined_and_split_words_are_told_apart(
    piper_voices: dict[str, object], lang: str, text: str, last: str
) -> None:
    phonemize: Any = piper_voices[lang].phonemize  # type: ignore[attr-defined]
    (phonemes,) = phonemize(text)
    words = Words(
        text, [phonemes], lambda word: [each for part in phonemize(word) for each in part]
    )
    places = words.places(0)
    assert [place.word for place in places] == words_of(text)
    beginnings = last.split()
    for place, beginning in zip(places[-len(beginnings) :], beginnings, strict=True):
        assert "".join(phonemes[place.phoneme :]).startswith(beginning), place


def test_only_the_first_words_are_compared_at_once() -> None:
    asked: list[str] = []

    def pronounce(word: str) -> str:
        asked.append(word)
        return word

    text = "in ðe end of ðe long road home"
    words = Words(text, [list("inðe end ofðe long road home")], pronounce)
    first = words.places(0, at_once=True)
    assert [place.phoneme for place in first] == [0, 2, 5, 9]
    assert asked == text.split()[:5]
    every = words.places(0)
    assert every[: len(first)] == first and len(every) == 8
    assert [place.phoneme for place in every[-2:]] == [19, 24]
