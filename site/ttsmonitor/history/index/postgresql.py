"""The full-text index in PostgreSQL: a GIN index over an expression."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import connections
from django.db.models import (
    BooleanField,
    DateTimeField,
    ExpressionWrapper,
    F,
    Func,
    TextField,
    Value,
)
from django.db.models.expressions import RawSQL

from ttsmirror.models import UtteranceQuerySet
from ttsmonitor.history.index.sqlite import is_prefix

COMMON = 0.02
"""A word in a larger share of the sentences is found soonest by reading the newest ones."""

_WORD = re.compile(r"[^\W_]+")
# Without accents, capitals and punctuation, which PostgreSQL's parser would take for addresses.
_INDEXED = "text || ' ' || translation"
_WORDS = r"""
CREATE OR REPLACE FUNCTION moxie_words(said text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN to_tsvector('pg_catalog.simple', regexp_replace(
    regexp_replace(lower(normalize(said, NFD)), '[\u0300-\u036f]', '', 'g'),
    '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4'
    '\u00b6-\u00b9\u00bb-\u00bf\u2000-\u206f]+', ' ', 'g'));
END $$"""


def is_installed(cursor: Any) -> bool:
    """Return True if the index is there and has translations."""
    cursor.execute("SELECT pg_get_indexdef(to_regclass('utterance_words'))")
    definition = cursor.fetchone()[0]
    return definition is not None and "translation" in definition


def remove(cursor: Any) -> None:
    """Drop the index."""
    cursor.execute("DROP INDEX IF EXISTS utterance_words")


def build(cursor: Any) -> None:
    """Create the index of all rows."""
    cursor.execute(_WORDS)
    cursor.execute(
        f"CREATE INDEX utterance_words ON ttsmonitor_utterance USING gin (moxie_words({_INDEXED}))"
    )
    cursor.execute("ANALYZE ttsmonitor_utterance")  # or the planner ignores the new index at first


def tokens(text: str) -> list[str]:
    """Return the words of `text` without accents and capitals."""
    decomposed = unicodedata.normalize("NFD", text)
    plain = "".join(each for each in decomposed if unicodedata.category(each) != "Mn")
    return _WORD.findall(plain.lower())


def matching(rows: UtteranceQuerySet, words: Sequence[str]) -> UtteranceQuerySet:
    """Return those of `rows` that have all `words`, newest first."""
    query = " & ".join(f"{word}:*" if is_prefix(word) else word for word in words)
    words_of_row = RawSQL(_INDEXED, ())  # noqa: S611  the very expression of the index
    found = rows.filter(_Matches(words_of_row, Value(query, TextField())))
    if all(share > COMMON for share in _shares(rows.db, words)):
        return found.order_by("-received_at", "-pk")
    # An order that no index has: otherwise the planner reads the newest rows until it has enough.
    unindexed = ExpressionWrapper(F("received_at") + timedelta(0), DateTimeField())
    return found.order_by(unindexed.desc(), "-pk")


def _shares(alias: str, words: Sequence[str]) -> list[float]:
    """Return the share of sentences that have each word, 0 for rare ones, by the statistics."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT unnest(most_common_elems::text::text[]), unnest(most_common_elem_freqs)"
            " FROM pg_stats WHERE tablename = 'utterance_words'"
        )
        common = [(term, share) for term, share in cursor.fetchall() if term]
    return [
        sum(
            share
            for term, share in common
            if term == word or (is_prefix(word) and term.startswith(word))
        )
        for word in words
    ]


class _Matches(Func):
    """A condition: the text matches the query."""

    template = "moxie_words(%(expressions)s)"
    arg_joiner = ") @@ to_tsquery('pg_catalog.simple', "
    output_field = BooleanField()
