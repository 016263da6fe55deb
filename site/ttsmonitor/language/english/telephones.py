"""How English reads telephone numbers and codes."""

from __future__ import annotations

import re

from ttsmonitor.language.english.cardinals import digit_by_digit
from ttsmonitor.language.rules import Rule
from ttsmonitor.language.telephones import TelephoneWords, telephone_rules

RULES = (
    *telephone_rules(
        TelephoneWords(
            digit_by_digit=digit_by_digit,
            plus="plus",
            before_codes=frozenset(
                "phone telephone tel call dial number text whatsapp fax mobile cell code zip"
                " account"
                " card pin password id isbn order ticket".split()
            ),
        )
    ),
    Rule(
        re.compile(r"(?<=\b[Cc]all\s)911(?!\d)|(?<=\b[Dd]ial\s)911(?!\d)"),
        lambda match, _region: digit_by_digit(match[0]),
        "9",
    ),
)
