"""The delivery steps of a line as shown on a page."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from hive.puppet.lines import Lines
from tests.unit.hive.conftest import DEVICE

ONE = uuid.UUID(int=1)


def steps(delivery: dict[str, Any] | None) -> str:
    return (
        ""
        if delivery is None
        else " ".join(f"{step['is']}:{step['name']}" for step in delivery["steps"])
    )


@pytest.fixture
def lines() -> Lines:
    made = Lines()
    made.add(ONE, DEVICE, "Hola", "happy", 0.5)
    return made


def after(lines: Lines, *events: str, error: str = "") -> dict[str, Any]:
    line: dict[str, Any] | None = None
    for event in events:
        told = {"id": str(ONE), "event": event, "error": error if event == events[-1] else ""}
        line = lines.update_status(told)
    assert line is not None
    delivery: dict[str, Any] = line["speech_way"]
    return delivery


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        (["sent"], "now:sent next:queued next:playing next:spoken"),
        (["stored"], "done:sent now:queued next:playing next:spoken"),
        (["sent", "stored", "playing"], "done:sent done:queued now:playing next:spoken"),
        (["playing", "spoken"], "done:sent done:queued done:playing done:spoken"),
        (["stored", "expired"], "done:sent done:queued end:expired"),
        (["playing", "interrupted"], "done:sent done:queued done:playing end:interrupted"),
        (["failed"], "end:failed"),
    ],
)
def test_delivery_steps_at_loudspeaker(lines: Lines, events: list[str], shown: str) -> None:
    assert steps(after(lines, *events)) == shown


def test_new_line_has_all_steps_ahead() -> None:
    line = Lines().add(ONE, DEVICE, "Hola", "happy", 0.5)
    assert steps(line["speech_way"]) == "next:sent next:queued next:playing next:spoken"
    assert line["robot_way"] is None


def test_ranks_of_both_ways_only_grow(lines: Lines) -> None:
    ranks = [after(lines, event)["rank"] for event in ("sent", "stored", "playing", "spoken")]
    assert ranks == sorted(set(ranks))
    moved = [lines.update_robot(str(ONE), state) for state in ("sent", "speaking", "said")]
    ranks = [line["robot_way"]["rank"] for line in moved if line]
    assert len(ranks) == 3 and ranks == sorted(set(ranks))


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (["sent"], "now:sent next:speaking next:said"),
        (["sent", "speaking"], "done:sent now:speaking next:said"),
        (["sent", "said"], "done:sent done:speaking done:said"),
        (["sent", "unconfirmed"], "done:sent end:unconfirmed"),
        (["sent", "interrupted"], "done:sent end:interrupted"),
        (["offline"], "end:offline"),
    ],
)
def test_delivery_steps_at_robot(lines: Lines, states: list[str], shown: str) -> None:
    for state in states:
        line = lines.update_robot(str(ONE), state)
    assert line and steps(line["robot_way"]) == shown


def test_offline_robot_is_given_as_reason(lines: Lines) -> None:
    line = lines.sent_to_robot(str(ONE), "the robot is offline")
    assert line and line["robot_error"] == "the robot is offline"


def muted(lines: Lines, event: str, *, is_muted: bool = True) -> dict[str, Any]:
    told = {"id": str(ONE), "event": event} | ({"alerts": ["muted"]} if is_muted else {})
    line = lines.update_status(told)
    assert line is not None
    return line


def test_delivery_says_muted_while_nobody_hears_it(lines: Lines) -> None:
    assert muted(lines, "stored")["shown"] == "queued"
    playing = muted(lines, "playing")
    assert (playing["shown"], steps(playing["speech_way"])) == (
        "muted",
        "done:sent done:queued now:muted",
    )
    spoken = muted(lines, "spoken")
    assert (spoken["shown"], spoken["state"]) == ("muted", "spoken")
    assert steps(spoken["speech_way"]) == "done:sent done:queued end:muted"


def test_delivery_says_spoken_if_the_end_was_heard(lines: Lines) -> None:
    muted(lines, "playing")
    assert muted(lines, "spoken", is_muted=False)["shown"] == "spoken"
