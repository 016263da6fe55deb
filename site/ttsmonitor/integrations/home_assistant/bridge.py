"""Tell Home Assistant what the speech service does, and do what it asks for."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.models import Utterance
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.mqtt.identity import client_id
from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmirror.service_thread import TURN_SECONDS, ServiceThread
from ttsmirror.text import shorten
from ttsmirror.wire.control import Control
from ttsmirror.wire.fields import decode, dump
from ttsmirror.wire.messages import ENDS
from ttsmonitor.history.serializers import serialize
from ttsmonitor.integrations.home_assistant import choices
from ttsmonitor.integrations.home_assistant.discovery import OFF, ON, describe_device
from ttsmonitor.integrations.home_assistant.topics import (
    CLIENT_NAME,
    MOOD,
    REPLAY,
    SAY,
    VOICE,
    own_topics,
)
from ttsmonitor.speaking.recorder import Change
from ttsmonitor.system.watchdog import Part

logger = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
"""Between two looks at what no event tells of: voices that were installed or chosen."""
SETTLING_SECONDS = 0.1
"""Changes within this time make one message of the state."""
MAX_WAITING = 1_000
STATE_CHARACTERS = 250
"""Home Assistant takes 255 in a state."""
TEXT_CHARACTERS = 2_000
"""Characters of an utterance in attributes and events."""
UTTERANCE_FIELDS = ("id", "source", "device_id", "robot", "lang", "voice", "mood", "engine")


@dataclass(frozen=True)
class Announce:
    """A wish for the discovery message and the state: somebody there may not know them."""


class HomeAssistant(ServiceThread):
    """Makes the speech service a device of Home Assistant.

    It has an MQTT connection of its own: a broker that forbids it Home Assistant's topics does not
    hold up the speech. It connects after the service has: a second service of this installation is
    refused first, and does not take the connection of this one over.
    """

    def __init__(
        self,
        status: Callable[[], dict[str, Any]],
        on_control: Callable[[Control], object],
        on_voice: Callable[[], None],
        is_connected: Callable[[], bool],
    ) -> None:
        """Describe the service by `status`, its state as JSON.

        `on_control` executes a control, `on_voice` is called after another voice was chosen,
        `is_connected` returns True while the service is connected to the broker.
        """
        super().__init__("ttsmonitor.home_assistant")
        self._status = status
        self._on_control = on_control
        self._on_voice = on_voice
        self._is_connected = is_connected
        self._has_begun = False
        self._topics = own_topics()
        self._commands: dict[str, Callable[[str], None]] = {
            SAY: self._say,
            REPLAY: self._replay,
            VOICE: self._set_voice,
            MOOD: self._set_mood,
        }
        self._waiting: queue.Queue[Received | Sequence[Change] | Announce] = queue.Queue(
            MAX_WAITING
        )
        self._mood = choices.NEUTRAL
        self._last: dict[str, Any] | None = None
        self._is_changed = False
        self._next_look = 0.0
        self._published: dict[str, bytes] = {}
        self.connection = MQTTConnection(
            client_id(CLIENT_NAME),
            # QoS 0: the broker must not keep a command for later.
            subscriptions=[(self._topics.commands, 0), (self._topics.birth, 0)],
            on_message=self._put,
            on_ready=lambda: self._put(Announce()),
        )
        """The connection for Home Assistant's topics."""

    @property
    def parts(self) -> list[Part]:
        """The parts that have to run."""
        return [self, self.connection]

    def stop(self, timeout_seconds: float = TURN_SECONDS * 2) -> None:
        """Publish what was told so far, then disconnect. Idempotent."""
        super().stop(timeout_seconds)
        self.connection.stop()

    def tell(self, changes: Sequence[Change]) -> None:
        """Take in what happened to the speech. Return at once."""
        self._put(changes)

    def wake(self) -> None:
        """Make a work() that waits return."""
        self._put([])

    @property
    def is_over(self) -> bool:
        """True once everything that was told before stop() is published."""
        return self.stopping.is_set() and self._waiting.empty()

    def work(self) -> None:
        """Act on what has come, then publish what has changed."""
        self._act_on_next()
        if self.stopping.is_set():
            return
        if not self._has_begun and self._is_connected():
            self._has_begun = True
            self.connection.start()
        now = time.monotonic()
        if not self._is_changed and now < self._next_look:
            return
        self.connection.tend()
        if not self.connection.is_ready:
            return
        self._is_changed, self._next_look = False, now + LOOK_SECONDS
        with choices.household_language():
            self._publish_news(self._topics.discovery, self._description())
            self._publish_news(self._topics.state, self._state())

    def _put(self, item: Received | Sequence[Change] | Announce) -> None:
        try:
            self._waiting.put_nowait(item)
        except queue.Full:
            logger.error("Home Assistant is told nothing more: too much at once")

    def _act_on_next(self) -> None:
        """Act on the next item, and on those that follow within SETTLING_SECONDS."""
        timeout = TURN_SECONDS
        deadline: float | None = None
        while deadline is None or time.monotonic() < deadline:
            try:
                item = self._waiting.get(timeout=timeout)
            except queue.Empty:
                return
            if deadline is None:
                timeout = 0.0 if self.stopping.is_set() else SETTLING_SECONDS
                deadline = time.monotonic() + SETTLING_SECONDS
            match item:
                case Announce():
                    self._announce()
                case Received():
                    self._receive(item)
                case _:
                    self._note(item)

    def _announce(self) -> None:
        self._published.clear()
        self._is_changed = True

    def _note(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self._is_changed = True
            if change.utterance is None:
                continue
            if change.event in ("playing", "spoken"):
                self._last = change.utterance
            if change.event in ENDS:
                event = {"event_type": change.event, **_described(change.utterance)}
                self.connection.publish(self._topics.event, dump(event))

    def _receive(self, message: Received) -> None:
        try:
            words = decode(message.payload).strip()
        except InvalidMessageError as exc:
            logger.warning("ignored a message on %s: %s", message.topic, exc)
            return
        command = message.topic.rpartition("/")[2]
        if message.topic == self._topics.birth:
            if words == "online":
                self._announce()
        elif message.retain and command != MOOD:
            logger.warning("ignored a retained message on %s: it may be outdated", message.topic)
        elif command in self._commands:
            self._is_changed = True
            self._commands[command](words)

    def _say(self, words: str) -> None:
        mood = "" if self._mood == choices.NEUTRAL else self._mood
        get_tts_mirror().publish_text(words, source=choices.SOURCE, mood=mood)

    def _replay(self, words: str) -> None:
        if (newest := Utterance.objects.spoken().recent().first()) is not None:
            self._on_control(Control(action="replay", utterance_id=newest.pk))

    def _set_voice(self, words: str) -> None:
        with choices.household_language():
            is_automatic = words == choices.automatic_label()
        if not is_automatic and words not in choices.voice_names():
            logger.warning("Home Assistant chose the voice %s, which is not installed", words)
            return
        choices.choose_voice("" if is_automatic else words)
        self._on_voice()

    def _set_mood(self, words: str) -> None:
        mood = choices.find_mood(words)
        if not mood:
            logger.warning("Home Assistant chose the mood %s, which does not exist", words)
            return
        self._mood = mood

    def _publish_news(self, topic: str, content: dict[str, Any]) -> None:
        """Publish retained, unless it is the same as before."""
        payload = dump(content)
        if self._published.get(topic) != payload:
            self.connection.publish(topic, payload, qos=1, retain=True)
            self._published[topic] = payload

    def _description(self) -> dict[str, Any]:
        voices = [choices.automatic_label(), *choices.voice_names()]
        return describe_device(self._topics, voices, list(choices.mood_labels()))

    def _state(self) -> dict[str, Any]:
        status, last = self._status(), self._last_heard()
        moods = {mood: label for label, mood in choices.mood_labels().items()}
        return {
            "state": status["status"],
            "last_words": shorten(last.get("text", ""), STATE_CHARACTERS) or None,
            "last_utterance": _described(last),
            "queue_size": status["queue_size"],
            "first_sound_ms": last.get("first_audio_ms"),
            "muted": ON if status["muted"] else OFF,
            "paused": ON if status["paused"] else OFF,
            "volume": round(status["volume"] * 100),
            "voice": choices.voice_label(),
            "mood": moods[self._mood],
        }

    def _last_heard(self) -> dict[str, Any]:
        """Return the utterance that was heard last and is still in the history, or nothing."""
        last = self._last
        if last is None or not Utterance.objects.filter(pk=last["id"]).exists():
            newest = Utterance.objects.spoken().recent().first()
            last = self._last = serialize(newest) if newest else None
        return last or {}


def clear_announcement(connection: MQTTConnection) -> None:
    """Remove from the broker what an earlier start announced, and the device with it."""
    for topic in own_topics().retained:
        connection.publish(topic, b"", qos=1, retain=True)


def _described(utterance: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an utterance that automations may use."""
    if not utterance:
        return {}
    known = {name: utterance[name] for name in UTTERANCE_FIELDS if utterance.get(name)}
    return {"text": shorten(utterance["text"], TEXT_CHARACTERS), **known}
