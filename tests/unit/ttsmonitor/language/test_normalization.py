"""A dot that ends no sentence makes no pause: shown with Piper's own phonemizer."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from piper import PiperVoice
from piper.config import PiperConfig

from ttsmonitor.language.normalization import normalize

DESCRIPTION = {
    "audio": {"sample_rate": 22_050},
    "inference": {},
    "phoneme_id_map": {},
    "num_symbols": 1,
    "num_speakers": 1,
}
ONE_SENTENCE = {
    "es": [
        "El Sr. García y la Sra. Paz llegaron.",
        "El Dr. Pérez, la Dra. Ruiz y el Prof. Luna",
        "En EE. UU. viven 5 primos",
        "En EE.UU. viven",
        "Lee la pág. 3, la núm. 7, el art. 4 y el cap. IV",
        "Es de J. K. Rowling",
        "Lo escribió J.K. Rowling",
        "J. R. R. Tolkien lo escribió",
        "Según J. Pérez, no",
        "John F. Kennedy habló",
        "Vive en la Avda. Mayor",
        "Mr. Bean y St. John vinieron",
        "Habla con D. Juan y Dña. Inés",
        "Pues... no sé",
        "Pues… no sé",
        "Hola...mundo",
        "...y luego",
        "¿Y...?",
        "Compra pan, etc., en la tienda",
        "Vive (en EE. UU.) Moxie",
        "En el s. V d. C. vivió",
        "La 1.ª planta, el n.º 5",
        "El 3. de mayo",
        "Cuesta 12.500,50 euros a las 12:30",
        "A las 10 a. m. vino",
        "A las 10 a.m. vino",
        "Escribe a moxie@example.org o mira https://example.org/a.b?c=1;d hoy",
        "Hola — dijo — adiós",
        "Ve a [[x]] y a ]] b",
        "El Excmo. Sr. Presidente y el Ilmo. Sr. Alcalde",
        "Las FF. AA. desfilaron en Bs. As. ayer",
        "El Tte. Ruiz y la Cía. Española",
        "Los Hnos. García, Dpto. 3, cód. 55",
        "La Dra. Gómez (Ph.D. en física) habló",
    ],
    "en-us": [
        "Mr. Bean and Mrs. Smith went to St. Mary.",
        "He lives in the U.S. embassy.",
        "Dr. Who, Jr. and Prof. Smith, e.g. Tom vs. Jerry",
        "It is 10 a.m. now",
        "Well... no",
        "No. 5 and fig. 3 are approx. 5",
        "J. R. R. Tolkien and A.A. Milne wrote it",
        "Bread, milk, etc. are here",
        "Gov. Smith met Sen. Jones, Col. Mustard and Maj. Tom on Mt. Everest",
        "It was on Jan. 5 and Sept. 6, says Sec. 2",
        "She has a Ph.D. in physics",
    ],
}
TWO_SENTENCES = {
    "es": [
        "No. No quiero ir a la cama.",
        "Es el plan B. Luego veremos.",
        "Plan B. Luego veremos.",
        "La vitamina C. Es buena.",
        "Me gusta el art. Luego",
        "Tengo un don. Luego",
        "Vive en EE. UU. Luego se fue.",
        "Compra pan, leche, etc. Después",
        "A las 10 a. m. Luego",
        "Gracias, Dr. ¿Cómo está?",
        "Pues... No sé",
        "Juan Carlos I. Luego vino",
        "Respuesta: B. Muy bien.",
        "Vino. Sr. García le esperaba.",
        "Vive en Bs. As. Luego se fue.",
    ],
    "en": [
        "Plan B. Then we go.",
        "You and I. We are here.",
        "He lives in the U.S. Then he left.",
        "No. I will not.",
        "Talk to Max. He knows.",
        "She has a Ph.D. He has none.",
        "It happened in Jan. We saw it.",
    ],
}


def cases(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(lang, text) for lang, texts in table.items() for text in texts]


def groups(text: str, lang: str) -> list[list[str]]:
    # By way of the voice: it has one phonemizer for the whole process. Starting eSpeak NG a second
    # time frees what the first one goes on reading.
    config = PiperConfig.from_dict(DESCRIPTION | {"espeak": {"voice": lang}})
    found: list[list[str]] = PiperVoice(session=None, config=config).phonemize(
        normalize(text, lang)
    )
    return found


@pytest.mark.parametrize(("lang", "text"), cases(ONE_SENTENCE))
def test_abbreviation_makes_no_stop_in_a_sentence(lang: str, text: str) -> None:
    assert len(groups(text, lang)) == 1


@pytest.mark.parametrize(("lang", "text"), cases(TWO_SENTENCES))
def test_two_sentences_stay_two(lang: str, text: str) -> None:
    assert len(groups(text, lang)) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("El Sr. García y la sra. Paz", "El Señor García y la señora Paz"),
        ("Vive en EE. UU.", "Vive en Estados Unidos."),
        ("la pág. 3", "la página tres"),
        ("la no.5 y la n.º 6", "la número cinco y la número seis"),
        ("J. K. Rowling", "J.K Rowling"),
        ("D. Juan y la opción D. Luego", "Don Juan y la opción D. Luego"),
        ("Pues... no sé...", "Pues, no sé."),
        ("¡No…! ¿Y...?", "¡No! ¿Y?"),
        ("«Bien…» Ahora", "«Bien.» Ahora"),
        ("1...2…3", "uno, dos, tres"),
        ("Hola[[x]]tú", "Hola x tú"),
        ("el 44 a. C. y A. C. Milan", "el cuarenta y cuatro antes de Cristo y A.C Milan"),
        ("se llama Ana", "se llama Ana"),
    ],
)
def test_spanish_is_read_as_written_out(text: str, words: str) -> None:
    assert normalize(text, "es-419") == words


def test_each_language_has_its_own_abbreviations() -> None:
    assert normalize("Dr. No. 5", "en_GB") == "Doctor Number five"
    assert normalize("Vol. 5, J. Müller...", "de") == "Vol. 5, J Müller."
    assert normalize("Dr. 5", "est") == "Dr. 5", "Estonian is not Spanish"


@given(st.text(st.sampled_from('abÉ[]. …º¿?,"»'), max_size=60), st.sampled_from(["es", "en", "de"]))
@example(".….", "es")
def test_no_raw_phonemes_and_no_ellipsis_are_left(text: str, lang: str) -> None:
    words = normalize(text, lang)
    assert "[[" not in words and "]]" not in words
    assert "…" not in words and ".." not in words
    assert words == " ".join(words.split())
    assert [c for c in words if c in "ab"] == [c for c in text if c in "ab"]
