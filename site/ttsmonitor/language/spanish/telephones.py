"""How Spanish reads telephone numbers and codes."""

from __future__ import annotations

from ttsmonitor.language.spanish.cardinals import digit_by_digit
from ttsmonitor.language.spanish.nouns import is_function_word
from ttsmonitor.language.telephones import TelephoneWords, telephone_rules


def _counts_nothing(word: str) -> bool:
    return word != "de" and is_function_word(word)


RULES = telephone_rules(
    TelephoneWords(
        digit_by_digit=digit_by_digit,
        counts_nothing=_counts_nothing,
        plus="más",
        before_codes=frozenset(
            "teléfono tel tfno tlf móvil celular cel fijo whatsapp fax llama llame llámame llamar"
            " marca"
            " número código dni postal cuenta tarjeta pin contraseña clave referencia expediente"
            " matrícula pedido ticket isbn cp".split()
        ),
    )
)
