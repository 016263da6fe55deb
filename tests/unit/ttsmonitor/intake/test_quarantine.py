"""Unreadable messages are kept within bounds and cleaned."""

from __future__ import annotations

import pytest
from django.contrib.admin import site
from django.utils.translation import override

from ttsmirror.reasons import Reason
from ttsmirror.wire.fields import PAYLOAD_BYTES
from ttsmonitor.admin.service import QuarantinedMessageAdmin
from ttsmonitor.intake import quarantine as module
from ttsmonitor.intake.quarantine import Unreadable, quarantine
from ttsmonitor.models import QuarantinedMessage

pytestmark = pytest.mark.django_db
TOPIC = "moxie/tts/text"


def unreadable(*payloads: bytes) -> list[Unreadable]:
    return [Unreadable(TOPIC, payload, "not UTF-8") for payload in payloads]


def kept() -> list[bytes]:
    return [bytes(row.payload) for row in QuarantinedMessage.objects.order_by("pk")]


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_newest_messages_are_kept(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(module, "MAX_ROWS", 3)
    messages = unreadable(*(bytes([255, number]) for number in range(5)))
    for start in range(0, 5, at_once):
        quarantine(messages[start : start + at_once])
    assert kept() == [b"\xff\2", b"\xff\3", b"\xff\4"]


def test_newest_bytes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    quarantine(unreadable(b"a" * 90, b"b" * 10))
    assert len(kept()) == 2
    quarantine(unreadable(b"c" * 45, b"d" * 45))
    assert kept() == [b"b" * 10, b"c" * 45, b"d" * 45]
    quarantine(unreadable(b"e" * 100))
    assert kept() == [b"e" * 100]


def test_oversized_message_is_kept_truncated(caplog: pytest.LogCaptureFixture) -> None:
    secret = "nobody reads this in a log " * 1000
    quarantine([Unreadable(f"{TOPIC}\0{secret}", b"x" * PAYLOAD_BYTES * 2, f"\0{secret}")])
    row = QuarantinedMessage.objects.get()
    assert len(row.payload) == PAYLOAD_BYTES
    assert (len(row.topic), len(row.reason)) == (1024, 1000)
    assert "\0" not in row.topic + row.reason
    assert len(caplog.text) < 1000


def test_many_unreadable_messages_make_one_log_line(caplog: pytest.LogCaptureFixture) -> None:
    quarantine(unreadable(*[b"\xff"] * 50))
    assert len(caplog.records) == 1
    assert "50 messages" in caplog.text


def test_admin_tells_the_reason_in_spanish() -> None:
    page = QuarantinedMessageAdmin(QuarantinedMessage, site)
    quarantine([Unreadable("a/topic", b"x", Reason("{name} is empty", name="text"))])
    (row,) = QuarantinedMessage.objects.all()
    assert row.reason == "text is empty"
    with override("es"):
        assert page.why(row) == "text está vacío"
    row.cause = None
    with override("es"):
        assert page.why(row) == "text is empty", "of an earlier version"
