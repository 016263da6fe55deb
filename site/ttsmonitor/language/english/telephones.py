"""How English reads telephone numbers and codes."""

from __future__ import annotations

import re

from ttsmonitor.language.english.arithmetic import NO_NOUNS
from ttsmonitor.language.english.cardinals import digit_by_digit
from ttsmonitor.language.rules import AT_DIGITS, DIGITS, Rule, previous_words
from ttsmonitor.language.telephones import TelephoneWords, telephone_rules

_CODES = frozenset("zip code pin password id".split())
RULES = (
    *telephone_rules(
        TelephoneWords(
            digit_by_digit=digit_by_digit,
            counts_nothing=NO_NOUNS.__contains__,
            plus="plus",
            before_codes=frozenset(
                "phone telephone tel call dial number text whatsapp fax mobile cell code zip"
                " account"
                " card pin password id isbn order ticket".split()
            ),
        )
    ),
    Rule(
        re.compile(r"(?<![\w.,/-])\d{4,6}(?![\w/]|[.,-]\d)"),
        lambda match, _region: (
            match[0] if _CODES.isdisjoint(previous_words(match, 3)) else digit_by_digit(match[0])
        ),
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(r"(?<=\b[Cc]all\s)911(?!\d)|(?<=\b[Dd]ial\s)911(?!\d)"),
        lambda match, _region: digit_by_digit(match[0]),
        "9",
    ),
)
