"""Old utterances are deleted, waiting ones never."""

from __future__ import annotations

import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from tests.support.tools import wait_until
from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance, UtteranceChunk
from ttsmonitor.history import retention
from ttsmonitor.history.retention import Pruned, Retention, prune
from ttsmonitor.models import QuarantinedMessage
from ttsmonitor.system import arguments

DAY = 86_400.0
Status = Utterance.Status


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    monkeypatch.setattr(retention, "PAUSE_SECONDS", 0)


def texts() -> set[str]:
    return set(Utterance.objects.values_list("text", flat=True))


def quarantined(reason: str, *, days_ago: float) -> None:
    made = QuarantinedMessage.objects.create(topic="t", payload=b"\xff", reason=reason)
    QuarantinedMessage.objects.filter(pk=made.pk).update(
        received_at=utterance("x", seconds_ago=days_ago * DAY).received_at
    )
    Utterance.objects.filter(text="x").delete()


def prune_command(*options: str) -> str:
    output = StringIO()
    call_command("prune_utterances", *options, stdout=output)
    return output.getvalue().strip()


@pytest.mark.django_db
def test_old_rows_are_deleted_with_their_chunks() -> None:
    for number in range(10):
        old = utterance(f"old {number}", seconds_ago=90 * DAY + 60)
        UtteranceChunk.objects.create(utterance=old, number=1, text="old")
    young = utterance("young", seconds_ago=90 * DAY - 60)
    UtteranceChunk.objects.create(utterance=young, number=1, text="young")
    quarantined("old", days_ago=91)
    quarantined("young", days_ago=89)
    assert prune_command("--older-than", "90d", "--dry-run") == (
        "10 utterances and 1 quarantined messages would be deleted"
    )
    assert Utterance.objects.count() == 11
    assert prune_command("--older-than", "90d") == (
        "10 utterances and 1 quarantined messages deleted"
    )
    assert texts() == {"young"}
    assert UtteranceChunk.objects.get().text == "young"
    assert QuarantinedMessage.objects.get().reason == "young"


@pytest.mark.django_db
@pytest.mark.parametrize("status", Status)
def test_waiting_utterance_stays_however_old(status: Status) -> None:
    utterance(status, status=status, seconds_ago=1000 * DAY)
    prune(1, threading.Event().wait)
    assert bool(texts()) == (status in {Status.RECEIVING, Status.QUEUED, Status.PLAYING})


@pytest.mark.django_db
def test_batch_takes_four_queries(django_assert_max_num_queries: Any) -> None:
    for number in range(3):
        utterance(f"{number}", seconds_ago=2 * DAY)
    # Delete a batch and look for another, for utterances and for quarantined messages.
    with django_assert_max_num_queries(8):
        assert prune(1, threading.Event().wait) == Pruned(3, 0)


@pytest.mark.django_db
def test_stop_ends_pruning_after_the_batch() -> None:
    for number in range(10):
        utterance(f"{number}", seconds_ago=(20 - number) * DAY)
    stopping = threading.Event()
    stopping.set()
    assert prune(1, stopping.wait) == Pruned(3, 0)
    assert texts() == {str(number) for number in range(3, 10)}, "the oldest go first"


@pytest.mark.parametrize(("given", "hours"), [("12h", 12), ("90d", 2160), ("2w", 336), (" 1D", 24)])
def test_age_is_parsed_with_unit(given: str, hours: int) -> None:
    assert arguments.age(given).total_seconds() == hours * 3600


@pytest.mark.parametrize("given", ["", "90", "d", "0d", "-1d", "1.5d", "1m", "٣d", "999999w"])
def test_invalid_age_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(CommandError, match="give a time such as 90d, 12h or 2w"):
        prune_command(f"--older-than={given}")


@pytest.mark.django_db(transaction=True)
def test_sweep_is_repeated_after_failures(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TTS_HISTORY_DAYS", "7")
    monkeypatch.setattr(retention, "SWEEP_SECONDS", 0.02)
    monkeypatch.setattr(retention, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(Retention, "retry_seconds", 0.02)
    whole, fails = retention.prune, [OperationalError("database is locked"), ValueError("new")]

    def failing(*args: Any) -> Pruned:
        if fails:
            raise fails.pop(0)
        return whole(*args)

    monkeypatch.setattr(retention, "prune", failing)
    utterance("old", seconds_ago=8 * DAY)
    utterance("young", seconds_ago=6 * DAY)
    sweeper = Retention()
    sweeper.start()
    try:
        wait_until(lambda: texts() == {"young"})
        utterance("old", seconds_ago=8 * DAY)
        wait_until(lambda: texts() == {"young"})
    finally:
        sweeper.stop()
    assert "database is locked" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_stored_policy_overrides_the_setting_within_a_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "POLL_SECONDS", 0.02)
    monkeypatch.setenv("TTS_HISTORY_DAYS", "7")
    retention.set_days(0)
    utterance("old", seconds_ago=8 * DAY)
    utterance("older", seconds_ago=31 * DAY)
    assert retention.current_days() == 0
    sweeper = Retention()
    sweeper.start()
    try:
        assert texts() == {"old", "older"}
        retention.set_days(30)
        wait_until(lambda: texts() == {"old"})
    finally:
        sweeper.stop()


@pytest.mark.django_db
def test_everything_is_kept_by_default() -> None:
    assert retention.current_days() == 0
