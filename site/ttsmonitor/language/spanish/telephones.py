"""How Spanish reads telephone numbers and codes."""

from __future__ import annotations

from ttsmonitor.language.spanish.cardinals import digit_by_digit
from ttsmonitor.language.telephones import TelephoneWords, telephone_rules

RULES = telephone_rules(
    TelephoneWords(
        digit_by_digit=digit_by_digit,
        plus="más",
        before_codes=frozenset(
            "teléfono tel tfno tlf móvil celular cel fijo whatsapp fax llama llame llámame llamar"
            " marca"
            " número código dni postal cuenta tarjeta pin contraseña clave referencia expediente"
            " matrícula pedido ticket isbn cp".split()
        ),
    )
)
