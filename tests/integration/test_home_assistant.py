"""The speech service and a client that does what Home Assistant does, over a real broker."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.history import wait_for
from tests.support.home_assistant import find_problems
from tests.support.tools import Listener, wait_until
from ttsmirror.models import Utterance
from ttsmirror.publishing.mirror import TTSMirrorPublisher
from ttsmonitor.integrations.home_assistant import bridge
from ttsmonitor.integrations.home_assistant.topics import own_topics
from ttsmonitor.service.service import SpeechService

pytestmark = pytest.mark.django_db(transaction=True)


def newest(listener: Listener, topic: str) -> dict[str, Any]:
    payloads = listener.payloads(topic)
    content: dict[str, Any] = json.loads(payloads[-1]) if payloads else {}
    return content


def test_home_assistant_speaks_controls_and_forgets_the_device(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    mirror: TTSMirrorPublisher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bridge, "get_tts_mirror", lambda: mirror)
    topics = own_topics()
    home = listen("homeassistant/#", "moxie/home_assistant/#")
    service = make_service("null")
    wait_until(lambda: newest(home, topics.state).get("state") == "idle", "the state")
    message = newest(home, topics.discovery)
    assert find_problems(message) == []
    entities = message["components"]

    volume = entities["volume"]
    command = volume["command_template"].replace("{{ value / 100 }}", "0.4")
    home.publish(volume["command_topic"], command)
    home.publish(entities["mute"]["command_topic"], entities["mute"]["payload_on"])
    wait_until(lambda: newest(home, topics.state)["volume"] == 40, "the volume")
    wait_until(lambda: newest(home, topics.state)["muted"] == "ON", "the switch")

    home.publish(entities["say"]["command_topic"], "La cena está lista")
    assert wait_for("La cena está lista", Utterance.Status.SPOKEN).source == "home_assistant"
    wait_until(lambda: newest(home, topics.event).get("event_type") == "spoken", "the event")
    wait_until(lambda: newest(home, topics.state)["last_words"] == "La cena está lista")
    home.publish(entities["replay"]["command_topic"], entities["replay"]["payload_press"])
    wait_until(lambda: Utterance.objects.spoken().count() == 2, "the repetition")

    home.publish("homeassistant/status", "online")
    wait_until(lambda: len(home.payloads(topics.discovery)) == 2, "another announcement")
    service.stop()

    monkeypatch.setenv("HA_DISCOVERY", "0")
    make_service("null")
    wait_until(lambda: home.payloads(topics.discovery)[-1] == b"", "the end of the announcement")
    wait_until(lambda: home.payloads(topics.state)[-1] == b"", "the end of the state")
    later = listen("homeassistant/#", "moxie/home_assistant/#")
    later.publish("homeassistant/mark", "mark")
    wait_until(lambda: later.payloads("homeassistant/mark"))
    assert [topic for topic, _payload in later.messages] == ["homeassistant/mark"]
