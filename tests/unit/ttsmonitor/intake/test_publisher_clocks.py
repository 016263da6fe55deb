"""The age of a message counts from what the receiver knows, not from a stranger's clock."""

from __future__ import annotations

import logging
import math
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ttsmirror.wire.messages import Chunk
from ttsmonitor.intake.publisher_clocks import PublisherClocks

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR, DAY = 3600.0, 86_400.0
ROBOT = "d_1"


@pytest.fixture
def clocks(tmp_path: Path) -> PublisherClocks:
    return PublisherClocks(tmp_path / "clocks.json", "hive")


def message(seconds_ago: float, *, age: float = 0.0, device_id: str = ROBOT) -> Chunk:
    """Return a message with a timestamp so long ago."""
    said = NOW - timedelta(seconds=seconds_ago)
    return Chunk(
        utterance_id=uuid.uuid4(), text="Hola", published_at=said, age=age, device_id=device_id
    )


def age_of(clocks: PublisherClocks, chunk: Chunk, waited_seconds: float = 0.0) -> float:
    said = clocks.said_at(chunk, NOW, waited_seconds)
    assert said is not None
    return (NOW - said).total_seconds()


@pytest.mark.parametrize("seconds", [-DAY, -HOUR, -300.0, -0.5, 0.0, 0.5, 300.0, HOUR, DAY])
def test_message_that_came_at_once_is_new_whatever_its_clock(
    clocks: PublisherClocks, seconds: float
) -> None:
    assert abs(age_of(clocks, message(seconds))) <= 0.5


def test_stated_age_counts_whatever_the_clock(clocks: PublisherClocks) -> None:
    assert age_of(clocks, message(500.0, age=500.0)) == 500.0
    assert age_of(clocks, message(HOUR + 500.0, age=500.0)) == 500.0
    assert age_of(clocks, message(500.0 - HOUR, age=500.0)) == 500.0


def test_message_that_waited_at_the_broker_has_the_age_of_its_timestamp(
    clocks: PublisherClocks,
) -> None:
    for longest in (400.0, math.inf):
        assert age_of(clocks, message(300.0), longest) == 300.0
        assert age_of(clocks, message(300.0, age=100.0), longest) == 300.0
        assert age_of(clocks, message(0.0), longest) == 0.0


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_message_that_waited_is_corrected_by_the_known_offset(
    clocks: PublisherClocks, seconds: float
) -> None:
    age_of(clocks, message(seconds))
    assert age_of(clocks, message(seconds + 60.0), 2 * HOUR) == 60.0


def test_offset_of_the_hive_counts_for_unknown_publishers(clocks: PublisherClocks) -> None:
    clocks.learn("hive", NOW - timedelta(seconds=HOUR), NOW)
    assert age_of(clocks, message(HOUR + 60.0), 2 * HOUR) == 60.0


def test_offset_of_a_clock_that_was_set_since_is_not_used(clocks: PublisherClocks) -> None:
    age_of(clocks, message(HOUR))
    assert age_of(clocks, message(300.0), 600.0) == 300.0


def test_old_timestamp_of_a_right_clock_counts(clocks: PublisherClocks) -> None:
    age_of(clocks, message(0.0))
    assert age_of(clocks, message(300.0), 30.0) == 300.0


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_message_of_unknown_clock_is_no_older_than_the_absence(
    clocks: PublisherClocks, seconds: float
) -> None:
    assert age_of(clocks, message(seconds), 30.0) == 30.0


def test_offsets_survive_a_restart(clocks: PublisherClocks, tmp_path: Path) -> None:
    age_of(clocks, message(HOUR))
    age_of(clocks, message(0.1, device_id="d_2"))
    again = PublisherClocks(tmp_path / "clocks.json", "hive")
    assert again.offsets == {ROBOT: HOUR}
    assert age_of(again, message(HOUR + 60.0), 2 * HOUR) == 60.0


@pytest.mark.parametrize("content", ["", "[]", '{"d_1": []}', "\udcff"])
def test_unreadable_file_is_ignored(tmp_path: Path, content: str) -> None:
    path = tmp_path / "clocks.json"
    path.write_text(content, errors="surrogateescape")
    assert PublisherClocks(path, "hive").offsets == {}


def test_skew_is_named_once_until_it_changes(
    clocks: PublisherClocks, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for seconds in (0.1, HOUR, HOUR + 1, HOUR - 1, -300.0, -301.0, 0.0, 0.3):
        age_of(clocks, message(seconds))
    assert [record.getMessage() for record in caplog.records] == [
        "the clock of d_1 is 3600 s behind; its time is not used",
        "the clock of d_1 is 300 s ahead; its time is not used",
        "the clock of d_1 is right again",
    ]


def test_message_without_a_time_has_none(clocks: PublisherClocks) -> None:
    chunk = Chunk(utterance_id=uuid.uuid4(), text="Hola")
    assert clocks.said_at(chunk, NOW, 0.0) is None
    assert clocks.offsets == {}
