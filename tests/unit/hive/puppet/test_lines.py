"""The state of each line, for events in any order."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hive.puppet.lines import Lines
from hive.speech_state import SpeechState
from tests.unit.hive.conftest import DEVICE
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason, reason_columns

ONE = uuid.UUID(int=1)


def follow(lines: Lines, event: str, **fields: Any) -> str | None:
    line = lines.update_status({"id": str(ONE), "event": event} | fields)
    return None if line is None else line["state"]


def test_line_goes_from_waiting_to_spoken() -> None:
    lines = Lines()
    assert lines.add(ONE, DEVICE, "Hola", "happy", 0.5)["state"] == "waiting"

    assert [follow(lines, event) for event in ("sent", "stored", "playing", "spoken")] == [
        "sent",
        "queued",
        "playing",
        "spoken",
    ]


def test_late_event_does_not_take_line_back() -> None:
    lines = Lines()
    lines.add(ONE, DEVICE, "Hola", "happy", 0.5)

    assert follow(lines, "failed", error="no voice") == "failed"
    assert follow(lines, "stored") is None
    assert follow(lines, "playing") is None


def test_resent_line_keeps_later_state() -> None:
    lines = Lines()
    lines.add(ONE, DEVICE, "Hola", "happy", 0.5)

    assert follow(lines, "stored") == "queued"
    assert follow(lines, "sent") is None


def test_failed_line_has_reason() -> None:
    lines = Lines()
    lines.add(ONE, DEVICE, "Hola", "happy", 0.5)
    line = lines.update_status({"id": str(ONE), "event": "failed", "error": "no voice"})
    assert line is not None
    assert (line["error"], line["reason"]) == ("no voice", None)


def test_failed_line_keeps_reason_for_translation() -> None:
    lines = Lines()
    lines.add(ONE, DEVICE, "Hola", "happy", 0.5)
    reason = Reason("the rest of the text did not arrive")
    message = {"id": str(ONE), "event": "failed"} | reason_columns(reason)
    line = lines.update_status(message)
    assert line is not None
    assert (line["error"], line["reason"]) == (reason, reason.as_json())


def test_unknown_line_or_event_is_ignored() -> None:
    lines = Lines()
    assert follow(lines, "playing") is None
    lines.add(ONE, DEVICE, "Hola", "happy", 0.5)
    assert lines.update_status({"status": "playing"}) is None
    assert lines.update_status({"id": str(ONE)}) is None


@pytest.mark.django_db
def test_recent_lines_include_history_from_before_restart() -> None:
    lines = Lines()
    lines.add(ONE, DEVICE, "Nueva", "happy", 0.5)
    now = timezone.now()
    common: dict[str, Any] = {"source": "puppet_mode", "published_at": now, "received_at": now}
    Utterance.objects.create(id=ONE, text="Nueva", device_id=DEVICE, status="spoken", **common)
    old = now - timedelta(hours=1)
    Utterance.objects.create(
        text="Vieja",
        device_id=DEVICE,
        status="failed",
        error="no voice",
        source="puppet_mode",
        published_at=old,
        received_at=old,
    )
    Utterance.objects.create(text="Chat", device_id=DEVICE, **(common | {"source": "chat"}))
    Utterance.objects.create(text="Otro robot", device_id="d_other", **common)

    recent = lines.recent(DEVICE)

    assert {(line["text"], line["state"]) for line in recent} == {
        ("Nueva", "spoken"),
        ("Vieja", "failed"),
    }


def test_state_at_robot_does_not_go_back() -> None:
    lines = Lines()
    line_id = lines.add(ONE, DEVICE, "Hola", "happy", 0.5)["id"]

    def tell(robot: str) -> str | None:
        line = lines.update_robot(line_id, robot)
        return None if line is None else line["robot"]

    moved = lines.sent_to_robot(line_id, "")
    assert moved and (moved["robot"], moved["state"]) == ("sent", "waiting")
    assert [line["robot"] for line in lines.mark_speaking(DEVICE)] == ["speaking"]
    assert lines.mark_speaking(DEVICE) == []
    assert tell("said") == "said"
    assert tell("unconfirmed") is None
    assert tell("speaking") is None
    assert tell("nonsense") is None
    assert follow(lines, "stored") == "queued"


def test_interrupted_robot_may_still_confirm_the_line() -> None:
    lines = Lines()
    for number in (1, 2, 3):
        lines.add(uuid.UUID(int=number), DEVICE if number < 3 else "d_other", "Hola", "shy", 0.5)
        lines.sent_to_robot(str(uuid.UUID(int=number)), "")
    lines.mark_speaking(DEVICE)
    assert [line["robot"] for line in lines.mark_interrupted(DEVICE)] == ["interrupted"] * 2
    assert lines.update_robot(str(ONE), "unconfirmed") is None
    late = lines.update_robot(str(ONE), "said")
    assert late and late["robot"] == "said"


@pytest.mark.django_db
def test_history_shows_robot_confirmations() -> None:
    now = timezone.now()
    common: dict[str, Any] = {"source": "puppet_mode", "published_at": now, "received_at": now}
    for text, confirmed in (("a", True), ("b", False), ("c", None)):
        Utterance.objects.create(
            text=text, device_id=DEVICE, status="spoken", robot_confirmed=confirmed, **common
        )
    Utterance.objects.create(text="d", status="spoken", robot_confirmed=False, **common)

    def robots(device_id: str) -> dict[str, str]:
        return {line["text"]: line["robot"] for line in Lines().recent(device_id)}

    assert robots(DEVICE) == {"a": "said", "b": "unconfirmed", "c": ""}
    assert robots("") == {"d": ""}


def test_speech_is_offline_without_presence_or_broker() -> None:
    speech = SpeechState()
    speech.update_broker_error("")
    assert speech.update_status({"status": "playing", "current_text": "Hola", "queue_size": 2})
    assert speech.describe()["status"] == "offline"
    assert not speech.describe()["known"]

    speech.update_presence("online")
    told = speech.describe()
    assert (told["status"], told["current_text"], told["queue_size"]) == ("playing", "Hola", 2)

    speech.update_broker_error("gone")
    assert speech.describe()["status"] == "offline"
    assert speech.describe()["broker_error"] == "gone"


def test_broker_kind_is_cleared_on_connection_loss() -> None:
    speech = SpeechState()
    speech.update_broker_error("")
    speech.update_broker_kind("development")
    assert speech.describe()["broker_kind"] == "development"
    speech.update_broker_error("gone")
    speech.update_broker_error("")
    assert speech.describe()["broker_kind"] == ""


def test_repeated_status_is_no_change() -> None:
    told: list[dict[str, Any]] = []
    speech = SpeechState(on_change=told.append)
    message = {"status": "idle", "current_text": "", "queue_size": 1, "timestamp": "1"}
    assert speech.update_status(message)
    assert not speech.update_status(message | {"timestamp": "2"})
    assert [each["queue_size"] for each in told] == [1]


@pytest.mark.django_db
def test_line_deleted_from_history_vanishes() -> None:
    lines, now = Lines(), timezone.now()
    keys = [uuid.UUID(int=each) for each in range(3)]
    for key in keys:
        lines.add(key, DEVICE, f"Hola {key.int}", "happy", 0.5)
        Utterance.objects.create(
            pk=key,
            text=f"Hola {key.int}",
            source="puppet_mode",
            device_id=DEVICE,
            status="spoken",
            published_at=now,
            received_at=now,
        )
    for key in keys[:2]:
        lines.update_status({"id": str(key), "event": "spoken"})

    def texts() -> set[str]:
        return {line["text"] for line in lines.recent(DEVICE)}

    assert texts() == {"Hola 0", "Hola 1", "Hola 2"}
    Utterance.objects.filter(pk=keys[0]).delete()
    assert texts() == {"Hola 1", "Hola 2"}
    Utterance.objects.all().delete()
    assert texts() == {"Hola 2"}, "it is on its way still"
    assert lines.update_status({"id": str(keys[1]), "event": "spoken"}) is None


@pytest.mark.django_db
def test_finished_lines_stay_without_a_local_history() -> None:
    lines = Lines()
    lines.add(ONE, DEVICE, "Hola", "happy", 0.5)
    lines.update_status({"id": str(ONE), "event": "spoken"})
    assert [line["text"] for line in lines.recent(DEVICE)] == ["Hola"]
