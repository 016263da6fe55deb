"""Moxie as a device of Home Assistant: what is announced, told and obeyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from tests.support.home_assistant import find_problems
from tests.support.web_fakes import FakeService, utterance
from ttsmirror.models import Utterance
from ttsmirror.mqtt.connection import Received
from ttsmirror.wire.control import Control, parse_control
from ttsmonitor.history.serializers import serialize
from ttsmonitor.integrations.home_assistant import bridge, choices
from ttsmonitor.integrations.home_assistant.bridge import HomeAssistant, clear_announcement
from ttsmonitor.integrations.home_assistant.discovery import describe_device
from ttsmonitor.integrations.home_assistant.topics import DeviceTopics
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.recorder import Change
from ttsmonitor.web.labels import MOODS

pytestmark = pytest.mark.django_db

TOPICS = DeviceTopics("moxie_1")
VOICE = "es_MX-claude-high"


@dataclass
class FakeConnection:
    """A connection that records what is published."""

    is_ready: bool = True
    sent: list[tuple[str, bytes, bool]] = field(default_factory=list)
    starts: int = 0

    def start(self) -> None:
        self.starts += 1

    def publish(self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False) -> None:
        self.sent.append((topic, payload, retain))

    def tend(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def newest(self, topic: str) -> dict[str, Any]:
        """Return the content of the newest message of a topic."""
        content: dict[str, Any] = json.loads(
            [sent[1] for sent in self.sent if sent[0] == topic][-1]
        )
        return content

    def count(self, topic: str) -> int:
        return len([sent for sent in self.sent if sent[0] == topic])


@dataclass
class Home:
    """A bridge with a fake broker and a fake service."""

    bridge: HomeAssistant
    broker: FakeConnection
    service: FakeService
    mirror: Mock

    def work(self) -> None:
        """Do what there is to do, as after any change."""
        self.bridge.tell([Change()])
        self.bridge.work()

    def receive(self, topic: str, payload: str, *, retain: bool = False) -> None:
        """Hand a message over, and have it acted upon."""
        message = Received(topic, payload.encode(), 0, retain, False, 1, 1, 0.0)
        self.bridge._put(message)
        self.bridge.work()

    def state(self) -> dict[str, Any]:
        return self.broker.newest(TOPICS.state)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Home:
    monkeypatch.setattr("django.conf.settings.WORK_DIR", tmp_path)
    monkeypatch.setattr(bridge, "SETTLING_SECONDS", 0.0)
    monkeypatch.setattr(bridge, "own_topics", lambda: TOPICS)
    monkeypatch.setattr(choices, "voice_names", lambda: [VOICE])
    mirror = Mock()
    monkeypatch.setattr(bridge, "get_tts_mirror", lambda: mirror)
    service = FakeService()
    made = HomeAssistant(
        service.status,
        service.control,
        service.look_after_voices,
        lambda: service.status()["broker"]["connected"],
    )
    broker = FakeConnection()
    monkeypatch.setattr(made, "connection", broker)
    return Home(made, broker, service, mirror)


def announced() -> dict[str, Any]:
    return describe_device(TOPICS, ["Automatic", VOICE], list(MOODS))


def test_home_assistant_knows_every_option() -> None:
    assert find_problems(announced()) == []


@pytest.mark.parametrize(
    ("entity", "change", "problem"),
    [
        ("volume", {"comand_topic": "x"}, "volume: unknown: comand_topic"),
        (
            "queue",
            {"entity_category": "config"},
            "queue: a sensor cannot be in the category config",
        ),
        ("first_sound", {"unit_of_measurement": "beats"}, "first_sound: unit beats of duration"),
    ],
)
def test_wrong_option_is_found(entity: str, change: dict[str, str], problem: str) -> None:
    message = announced()
    message["components"][entity] |= change
    assert find_problems(message) == [problem]


def test_entities_of_the_household_are_announced(home: Home) -> None:
    home.work()
    message = home.broker.newest(TOPICS.discovery)
    assert find_problems(message) == []
    platforms = {entity["platform"] for entity in message["components"].values()}
    assert platforms == {"notify", "sensor", "button", "switch", "number", "select", "event"}
    assert message["components"]["say"]["name"] == "Decir"
    assert message["components"]["voice"]["options"] == ["Automática", VOICE]
    assert message["availability_topic"] == "moxie/system/health/tts-subscriber"


def test_names_are_english_in_an_english_household(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_LANG", "en-GB")
    home.work()
    assert home.broker.newest(TOPICS.discovery)["components"]["say"]["name"] == "Say"


def test_controls_of_the_device_are_valid() -> None:
    entities = announced()["components"]
    to_control = [each for each in entities.values() if "control" in each.get("command_topic", "")]
    payloads = [
        each[name]
        for each in to_control
        for name in ("payload_press", "payload_on", "payload_off")
        if name in each
    ]
    actions = {parse_control(payload.encode()).action for payload in payloads}
    assert actions == {"interrupt", "skip", "mute", "unmute", "pause", "resume"}
    template = entities["volume"]["command_template"]
    assert parse_control(template.replace("{{ value / 100 }}", "0.35").encode()).value == 0.35


def test_state_shows_service_and_last_words(home: Home) -> None:
    said = utterance("x" * 300, first_audio_ms=41.5, source="chat")
    home.service.changes = {"status": "playing", "queue_size": 2, "volume": 0.35, "muted": True}
    home.bridge.tell([Change("playing", serialize(said))])
    home.bridge.work()
    state = home.state()
    assert (state["state"], state["queue_size"], state["volume"]) == ("playing", 2, 35)
    assert (state["muted"], state["paused"], state["first_sound_ms"]) == ("ON", "OFF", 41.5)
    assert len(state["last_words"]) <= 255 and state["last_words"].endswith("…")
    assert state["last_utterance"]["text"] == said.text
    assert state["last_utterance"]["source"] == "chat"
    assert (state["voice"], state["mood"]) == ("Automática", "neutral")


def test_words_deleted_from_the_history_leave_the_state(home: Home) -> None:
    secret = utterance("secreto")
    home.bridge.tell([Change("playing", serialize(secret))])
    home.bridge.work()
    assert home.state()["last_words"] == "secreto"
    Utterance.objects.all().delete()
    home.work()
    assert home.state()["last_words"] is None
    assert home.state()["last_utterance"] == {}


@pytest.mark.parametrize("event", ["spoken", "interrupted", "expired"])
def test_end_of_speech_is_an_event(home: Home, event: str) -> None:
    said = serialize(utterance("Buenas noches"))
    home.bridge.tell([Change("playing", said), Change(event, said)])
    home.bridge.work()
    ((_topic, payload, is_retained),) = [s for s in home.broker.sent if s[0] == TOPICS.event]
    told = json.loads(payload)
    assert (told["event_type"], told["text"], told["id"]) == (event, "Buenas noches", said["id"])
    assert not is_retained


def test_unchanged_state_is_not_published_again(home: Home) -> None:
    home.work()
    home.work()
    assert (home.broker.count(TOPICS.state), home.broker.count(TOPICS.discovery)) == (1, 1)
    assert all(retained for _topic, _payload, retained in home.broker.sent)


def test_birth_of_home_assistant_repeats_the_announcement(home: Home) -> None:
    home.work()
    home.receive(TOPICS.birth, "offline")
    assert home.broker.count(TOPICS.discovery) == 1
    home.receive(TOPICS.birth, "online")
    assert (home.broker.count(TOPICS.state), home.broker.count(TOPICS.discovery)) == (2, 2)


def test_nothing_is_published_without_a_connection(home: Home) -> None:
    home.broker.is_ready = False
    home.work()
    assert home.broker.sent == []
    home.broker.is_ready = True
    home.bridge.work()
    assert home.broker.count(TOPICS.discovery) == 1


def test_connection_waits_for_that_of_the_service(home: Home) -> None:
    home.service.changes = {"broker": {"connected": False}}
    home.work()
    assert home.broker.starts == 0
    home.service.changes = {}
    home.work()
    home.work()
    assert home.broker.starts == 1


def test_notification_is_spoken_in_the_chosen_mood(home: Home) -> None:
    home.receive(TOPICS.command("say"), "Llaman a la puerta")
    home.receive(TOPICS.command("mood"), "alegre", retain=True)
    home.receive(TOPICS.command("say"), "Llegó la abuela")
    calls = [(call.args[0], call.kwargs) for call in home.mirror.publish_text.call_args_list]
    assert calls == [
        ("Llaman a la puerta", {"source": "home_assistant", "mood": ""}),
        ("Llegó la abuela", {"source": "home_assistant", "mood": "happy"}),
    ]
    assert home.state()["mood"] == "alegre"


def test_retained_notification_is_not_spoken(home: Home) -> None:
    home.receive(TOPICS.command("say"), "vieja", retain=True)
    home.mirror.publish_text.assert_not_called()


@pytest.mark.parametrize("payload", ["desconocido", ""])
def test_unknown_mood_or_voice_changes_nothing(home: Home, payload: str) -> None:
    home.receive(TOPICS.command("mood"), payload)
    home.receive(TOPICS.command("voice"), payload)
    assert (home.state()["mood"], home.state()["voice"]) == ("neutral", "Automática")
    assert not VoiceSetting.objects.exists()


def test_kept_mood_is_known_after_change_of_language(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_LANG", "en")
    home.receive(TOPICS.command("mood"), "alegre", retain=True)
    assert home.state()["mood"] == "happy"


def test_chosen_voice_is_the_voice_setting_of_home_assistant(home: Home) -> None:
    home.receive(TOPICS.command("voice"), VOICE)
    assert VoiceSetting.objects.get().voice == VOICE
    assert VoiceSetting.objects.get().source == "home_assistant"
    assert home.state()["voice"] == VOICE
    home.receive(TOPICS.command("voice"), "Automática")
    assert VoiceSetting.objects.get().voice == ""
    assert home.state()["voice"] == "Automática"
    assert home.service.voice_changes == 2


def test_choice_is_unknown_without_its_voice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.receive(TOPICS.command("voice"), VOICE)
    monkeypatch.setattr(choices, "voice_names", list)
    home.work()
    assert home.state()["voice"] is None
    assert home.broker.newest(TOPICS.discovery)["components"]["voice"]["options"] == ["Automática"]


def test_replay_repeats_what_was_spoken_last(home: Home) -> None:
    home.receive(TOPICS.command("replay"), "PRESS")
    utterance("antes", seconds_ago=60)
    newest = utterance("ahora")
    home.receive(TOPICS.command("replay"), "PRESS")
    assert home.service.controls == [Control(action="replay", utterance_id=newest.pk)]


def test_message_that_is_no_text_is_ignored(home: Home) -> None:
    home.bridge._put(Received(TOPICS.command("say"), b"\xff", 0, False, False, 1, 1, 0.0))
    home.bridge.work()
    home.mirror.publish_text.assert_not_called()


def test_discovery_that_is_off_clears_what_is_retained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("django.conf.settings.WORK_DIR", tmp_path)
    monkeypatch.setattr(bridge, "own_topics", lambda: TOPICS)
    broker = FakeConnection()
    clear: Callable[[Any], None] = clear_announcement
    clear(broker)
    kept = (TOPICS.discovery, TOPICS.state, TOPICS.command("mood"))
    assert broker.sent == [(topic, b"", True) for topic in kept]
