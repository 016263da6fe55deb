"""Known phonemes in the place of those that the phonemizer made."""

from __future__ import annotations

import pytest

from ttsmonitor.synthesis.piper.phonemes import replace_word


@pytest.mark.parametrize(
    ("sentence", "alone", "heard"),
    [
        ("ˈola, mˈoksi.", "mˈoksi", "ˈola, X."),
        ("mˈoksi?", "mˈoksi", "X?"),
        ("mˈoksi i mˌoksi!", "mˈoksi", "X i X!"),
        ("hˌoʊ zeɪ ɹˈʌnz.", "hˈoʊ zˈeɪ", "X ɹˈʌnz."),
        ("la βˈola.", "bˈola", "la X."),
        ("ˈana", "ˈana", "X"),
        ("ðe ˈana.", "ˈana", "ðe X."),
        ("tˈomoksi.", "mˈoksi", "tˈomoksi."),
        ("mˈoksis.", "mˈoksi", "mˈoksis."),
        ("ˈola.", "mˈoksi", "ˈola."),
        ("ˈola.", ".", "ˈola."),
        ("", "mˈoksi", ""),
    ],
)
def test_whole_word_is_replaced_whatever_its_stress(sentence: str, alone: str, heard: str) -> None:
    assert "".join(replace_word(list(sentence), list(alone), ["X"])) == heard


def test_phonemizer_reads_a_starter_word_as_it_is_replaced() -> None:
    phonemizer = pytest.importorskip("piper.phonemize_espeak").EspeakPhonemizer()
    (sentence,) = phonemizer.phonemize("en-us", "I saw ho zay in the garden.")
    alone = [each for part in phonemizer.phonemize("en-us", "ho zay") for each in part]
    made = "".join(replace_word(sentence, alone, list("hoʊzˈeɪ")))
    assert "hoʊzˈeɪ" in made and made.endswith(".") and "ɪnðə" in made
