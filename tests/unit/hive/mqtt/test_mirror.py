"""The mirror decorator finds the text and leaves the call unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from hive.mqtt.mqtt_tts_mirror import mirror_speech
from ttsmirror.publishing import mirror as mirror_module


class FakeMirror:
    """A mirror that records texts, or fails."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.fails = False

    def publish_text(self, text: str, **options: Any) -> None:
        if self.fails:
            raise RuntimeError("the mirror is broken")
        self.said.append((text, options))


@pytest.fixture
def fake_mirror(monkeypatch: pytest.MonkeyPatch) -> FakeMirror:
    fake = FakeMirror()
    monkeypatch.setattr(mirror_module, "get_tts_mirror", lambda: fake)
    return fake


class Robot:
    """An object with decorated methods."""

    @mirror_speech(source="puppet_mode", text="speech")
    def speak(
        self, device_id: str, speech: str, mood: str = "neutral", intensity: float = 0.5
    ) -> str:
        """Say it."""
        if speech == "raise":
            raise ValueError(speech)
        return f"{device_id} says {speech}"


def test_decorator_mirrors_words_and_keeps_result(fake_mirror: FakeMirror) -> None:
    robot = Robot()
    assert robot.speak("d_1", "Hola", intensity=0.7) == "d_1 says Hola"
    assert fake_mirror.said == [
        (
            "Hola",
            {
                "source": "puppet_mode",
                "utterance_id": None,
                "device_id": "d_1",
                "mood": "neutral",
                "intensity": 0.7,
            },
        )
    ]
    assert (Robot.speak.__name__, Robot.speak.__doc__) == ("speak", "Say it.")


def test_decorated_call_raises_original_error(fake_mirror: FakeMirror) -> None:
    with pytest.raises(ValueError, match="raise"):
        Robot().speak("d_1", "raise")
    with pytest.raises(TypeError, match="speech"):
        Robot().speak("d_1")  # type: ignore[call-arg]


def test_mirror_failure_does_not_reach_caller(fake_mirror: FakeMirror) -> None:
    fake_mirror.fails = True
    assert Robot().speak("d_1", "Hola") == "d_1 says Hola"
