"""Reasons: English sentences that keep the template they were made from, and its values."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from ttsmirror.exceptions import BrokerError, InvalidMessageError
from ttsmirror.reasons import Reason, as_json, join_reasons, reason_columns, reason_of

REFUSED = Reason("Not authorized")
NESTED = Reason("{name}: {cause} ({count})", name="moxie-1", cause=REFUSED, count=2.5)


def test_reason_is_its_english_sentence() -> None:
    assert NESTED == "moxie-1: Not authorized (2.5)"
    assert NESTED.code == "{name}: {cause} ({count})"
    assert NESTED.params["cause"] is REFUSED


def test_reason_survives_pickling_with_nested_values() -> None:
    copy = pickle.loads(pickle.dumps(NESTED))
    assert (copy, copy.code, copy.params) == (NESTED, NESTED.code, NESTED.params)
    assert copy.params["cause"].code == "Not authorized"


def test_reason_survives_json_with_nested_values() -> None:
    read = Reason.from_json(json.loads(json.dumps(NESTED.as_json())))
    assert read is not None
    assert read.as_json() == NESTED.as_json()
    assert read == NESTED
    assert isinstance(read.params["cause"], Reason)


def test_braces_in_foreign_text_are_kept() -> None:
    assert Reason("not JSON: {x}") == "not JSON: {x}"
    assert Reason("bad: {cause}", cause="{cause}") == "bad: {cause}"


def test_template_from_the_wire_evaluates_nothing() -> None:
    told = {"code": "{cause.__class__} {cause:>99999999} {cause}", "params": {"cause": "x"}}
    assert Reason.from_json(told) == "{cause.__class__} {cause:>99999999} x"


def _deep(levels: int) -> dict[str, Any]:
    told: dict[str, Any] = {"code": "a", "params": {}}
    for _ in range(levels):
        told = {"code": "{cause}", "params": {"cause": told}}
    return told


@pytest.mark.parametrize(
    "told",
    [
        None,
        "skipped",
        [],
        {},
        {"code": 1, "params": {}},
        {"code": "a", "params": []},
        {"code": "a", "params": {"b": None}},
        {"code": "a", "params": {"b": {"code": "c"}}},
        _deep(400),
    ],
)
def test_malformed_json_is_no_reason(told: object) -> None:
    assert Reason.from_json(told) is None


def test_exception_gives_the_reason_it_was_raised_with() -> None:
    assert reason_of(InvalidMessageError(NESTED)) is NESTED
    assert reason_of(OSError(REFUSED)) is REFUSED
    assert reason_of(FileNotFoundError(2, "No such file")).code == "[Errno 2] No such file"
    assert reason_of(BrokerError()).code == "The MQTT broker cannot be reached."


def test_joined_reasons_keep_their_codes() -> None:
    assert join_reasons(["", ""]) == ""
    assert join_reasons(["", REFUSED]) is REFUSED
    joined = join_reasons([REFUSED, "", NESTED])
    assert joined == "Not authorized; moxie-1: Not authorized (2.5)"
    assert isinstance(joined, Reason)
    assert joined.params == {"first": REFUSED, "rest": NESTED}


def test_columns_hold_sentence_and_code() -> None:
    assert reason_columns(REFUSED) == {
        "error": "Not authorized",
        "reason": {"code": "Not authorized", "params": {}},
    }
    assert reason_columns("") == {"error": "", "reason": None}
    assert as_json("a plain string") is None
