"""What the hive knows of the speech service, and tells on the status line."""

from __future__ import annotations

from hive.speech_state import SpeechState


def codes(speech: SpeechState) -> list[str]:
    return [notice.code for notice in speech.notices()]


def test_notices_are_those_of_the_service_while_it_is_online() -> None:
    speech = SpeechState()
    assert codes(speech) == ["broker"]
    speech.update_broker_error("")
    assert codes(speech) == ["speech"]
    speech.update_presence("online")
    assert codes(speech) == []
    assert speech.update_status({"status": "idle", "alerts": ["voice", "muted"]})
    assert codes(speech) == ["voice", "muted"]
    assert speech.update_status({"status": "idle", "alerts": []})
    assert codes(speech) == []


def test_older_service_without_alerts_reports_none() -> None:
    speech = SpeechState()
    speech.update_broker_error("")
    speech.update_presence("online")
    speech.update_status({"status": "idle"})
    assert codes(speech) == []
