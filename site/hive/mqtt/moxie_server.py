"""The robots' server: hears what they report, tells them what to be and what to say."""

from __future__ import annotations

import logging
import threading
import uuid
from typing import Any

from hive.conf import conf
from hive.events import push_line, push_robot, push_speech
from hive.known import Known
from hive.models import arrival, departure
from hive.mqtt.markup import make_markup
from hive.mqtt.moxie_remote_chat import RemoteChat
from hive.mqtt.mqtt_tts_mirror import get_tts_mirror, mirror_speech
from hive.mqtt.own_interrupts import OwnInterrupts
from hive.mqtt.reports import Reports
from hive.mqtt.robot_records import Records
from hive.mqtt.robots import Presence, parse_log_line
from hive.mqtt.worker import Worker
from hive.puppet.lines import SOURCE, Lines
from hive.speech_state import SpeechState
from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.mqtt.identity import client_id
from ttsmirror.mqtt.loopback_probe import LoopbackProbe
from ttsmirror.wire.control import Control, parse_control
from ttsmirror.wire.fields import dump
from ttsmirror.wire.messages import (
    CONTROL_TOPIC,
    HEALTH_TOPIC,
    parse_object,
    pong_payload,
)
from ttsmonitor.intake.subscriber import COMPONENT as SPEECH_COMPONENT
from ttsmonitor.service.health import DatabaseProbe, Health, HealthCheck
from ttsmonitor.speaking.streaming import MAKER

logger = logging.getLogger(__name__)

CLIENT_NAME = "moxie-hive"
COMPONENT = MAKER
TICK_SECONDS = 2.0
BROKER_TOPIC = f"{HEALTH_TOPIC}/broker"
LOG_TOPIC = "$SYS/broker/log/"
SUBSCRIPTIONS = (
    (f"{LOG_TOPIC}#", 0),
    ("/devices/+/state", 1),
    ("/devices/+/events/+", 1),
    (CONTROL_TOPIC, 0),
    (HEALTH_TOPIC, 0),
    (f"{HEALTH_TOPIC}/{SPEECH_COMPONENT}", 1),
    (BROKER_TOPIC, 1),
)


class MoxieServer:
    """The robot link. The methods that send may be called from any thread, and never wait.

    start() connects in the background; what comes is worked off by one thread, which never waits
    for the database: `known` and `records` have what it needs, and keep what it notes.
    """

    def __init__(self) -> None:
        self.lines = Lines()
        self.speech = SpeechState()
        self.known = Known()
        self.records = Records(self.known, on_refresh=self._refreshed)
        self.chat = RemoteChat(self, self.known)
        self._reports = Reports(self)
        self._presence = Presence(conf.HIVE_SILENCE_SECONDS)
        self._worker = Worker("hive.robots")
        self._own = OwnInterrupts()
        self._connection: MQTTConnection | None = None
        self._echo: LoopbackProbe | None = None
        self._database = DatabaseProbe()
        self._health = Health(
            "hive.health",
            [
                HealthCheck("broker", self._broker_error, self._send_echo),
                HealthCheck(
                    "database",
                    lambda: self._database.error,
                    self._database.look,
                    is_frequent=True,
                ),
                HealthCheck("mirror", lambda: get_tts_mirror().state.problem),
            ],
        )
        self._sent: dict[str, dict[str, Any]] = {}

    # life

    def start(self) -> None:
        """Connect in the background, now or whenever the broker can be reached."""
        mirror = get_tts_mirror()
        mirror.add_listener(self._follow_speech)
        mirror.start()
        self.records.start()
        self.chat.start()
        self._connection = MQTTConnection(
            client_id(CLIENT_NAME),
            subscriptions=SUBSCRIPTIONS,
            on_message=self._hand_over,
            on_ready=self._connected,
            on_lost=self._lost,
            component=COMPONENT,
        )
        self._echo = LoopbackProbe(self._connection, COMPONENT)
        self._worker.start()
        self._worker.later("tick", TICK_SECONDS, self._tick)
        self._health.start()
        self._connection.start()

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Say goodbye to the broker and finish what was heard."""
        self._health.stop()
        self.chat.stop()
        if self._connection is not None:
            self._connection.stop(timeout_seconds)
        self._worker.stop(timeout_seconds)
        self.records.stop(timeout_seconds)

    @property
    def is_ready(self) -> bool:
        """Connected to the broker, and subscribed."""
        return self._connection is not None and self._connection.is_ready

    def health(self) -> dict[str, Any]:
        """What works, as Health.report() has it, and how far the mirror has got."""
        report, mirror = self._health.report(), get_tts_mirror().state
        report["checks"]["mirror"] |= {"waiting": mirror.waiting, "lost": mirror.lost}
        return report

    def _broker_error(self) -> str:
        return "the robot link was not started" if self._echo is None else self._echo.error

    def _send_echo(self) -> None:
        if self._echo is not None:
            self._echo.send()

    # to the robots

    @mirror_speech(source=SOURCE, text="speech")
    def send_telehealth_speech(
        self,
        device_id: str,
        speech: str,
        mood: str = "neutral",
        intensity: float = 0.5,
        *,
        utterance_id: uuid.UUID | None = None,
    ) -> bool:
        """Puppet Mode: the robot says `speech`. False where there is no way to it."""
        output = {"text": speech, "markup": make_markup(speech, mood, intensity)}
        return self._send_telehealth(device_id, {"action": "PLAY_OUTPUT", "output": output})

    def send_telehealth_interrupt(self, device_id: str) -> bool:
        """The robot, and the loudspeaker that speaks for it, stop at once."""
        self.chat.interrupt(device_id)
        self._own.sent(device_id)
        self.interrupt_loudspeaker(device_id)
        for line in self.lines.robot_interrupted(device_id):
            push_line(line)
        return self._send_telehealth(device_id, {"action": "INTERRUPT"})

    def say_aloud(
        self, speech: str, mood: str, intensity: float, *, utterance_id: uuid.UUID
    ) -> None:
        """Puppet Mode without a robot: the loudspeaker alone says `speech`."""
        get_tts_mirror().publish_text(
            speech, source=SOURCE, utterance_id=utterance_id, mood=mood, intensity=intensity
        )

    def interrupt_loudspeaker(self, device_id: str = "") -> None:
        """What is spoken for this robot (empty: for any) stops at once."""
        get_tts_mirror().publish_control(Control(action="interrupt", device_id=device_id))

    def _send_telehealth(self, device_id: str, message: dict[str, Any]) -> bool:
        payload = {"command": "telehealth", "message": message}
        return self.send_command_to_bot_json(device_id, "telehealth", payload)

    def send_wakeup(self, device_id: str) -> bool:
        """A sleeping robot wakes up."""
        return self.send_command_to_bot_json(device_id, "wakeup", {"command": "wakeup"})

    def send_command_to_bot_json(
        self, device_id: str, command: str, payload: dict[str, Any]
    ) -> bool:
        """Publish a command. At most once: said late, a sentence would be out of place."""
        return self._publish(f"/devices/{device_id}/commands/{command}", payload)

    def _publish(self, topic: str, payload: dict[str, Any], qos: int = 0) -> bool:
        if self._connection is None or not self._connection.is_ready:
            return False
        return self._connection.publish(topic, dump(payload), qos=qos) is not None

    def config_changed(self, device_id: str = "") -> None:
        """Take in what somebody saved: of one robot, or (empty) of all."""
        if self._connection is not None:
            self.records.refresh_soon(device_id)

    # from the robots: paho's thread hands over, the worker does the rest

    def _hand_over(self, message: Received) -> None:
        if message.topic == HEALTH_TOPIC and self._echo and self._echo.receive(message.payload):
            return
        if not message.topic.endswith(("/events/zmq", "/events/device-logs")):
            self._worker.submit(self._handle, message)

    def _connected(self) -> None:
        self.speech.broker("")
        push_speech(self.speech.describe())

    def _lost(self, error: str) -> None:
        self.speech.broker(error)
        push_speech(self.speech.describe())
        self._worker.submit(self._all_gone)

    def _handle(self, message: Received) -> None:
        if message.topic.startswith(LOG_TOPIC):
            self._read_log(message)
            return
        try:
            if message.topic == CONTROL_TOPIC:
                self._obey(parse_control(message.payload), is_old=message.retain)
            elif message.topic.startswith(HEALTH_TOPIC):
                self._handle_health(message.topic, parse_object(message.payload))
            else:
                self._reports.handle(message.topic, parse_object(message.payload))
        except InvalidMessageError as exc:
            logger.warning("ignored a message on %.100s: %s", message.topic, exc)

    def _obey(self, control: Control, *, is_old: bool) -> None:
        # The loudspeaker obeys too; here it is about answers of which nothing has been said yet.
        if control.action != "interrupt" or is_old:
            return
        # Ours is obeyed before it leaves; when it is back, the next question may be asked already.
        if not self._own.is_back(control.device_id):
            self.chat.interrupt(control.device_id)

    def _read_log(self, message: Received) -> None:
        if message.retain:
            return  # somebody's old news, not the broker's
        self._presence.has_log = True
        event = parse_log_line(message.payload.decode("utf-8", "replace"))
        if event is None:
            return
        if event.online:
            self._presence.hear(event.device_id)
            self._arrived(event.device_id)
        elif self._presence.leave(event.device_id):
            self._departed(event.device_id)

    def _handle_health(self, topic: str, fields: dict[str, Any]) -> None:
        if topic != HEALTH_TOPIC:
            if topic == BROKER_TOPIC:
                self.speech.heard_broker(str(fields.get("kind", "")))
            else:
                self.speech.heard_presence(str(fields.get("status", "")))
            push_speech(self.speech.describe())
        elif fields.get("type") == "ping" and self._connection is not None:
            health = self.health()
            status = "ok" if health["ok"] else "failing"
            pong = pong_payload(fields, COMPONENT, status, health["checks"])
            self._connection.publish(HEALTH_TOPIC, pong)

    # who is there

    def hear(self, device_id: str) -> None:
        """A robot sent something; the first time that counts as its connect."""
        if self._presence.hear(device_id):
            self._arrived(device_id)

    def _arrived(self, device_id: str) -> None:
        logger.info("robot %s is connected", device_id)
        self.records.note(device_id, arrival())
        self._sent.pop(device_id, None)
        delay = conf.HIVE_CONFIG_DELAY_SECONDS
        self._worker.later(f"config {device_id}", delay, self._publish_config, device_id)

    def _departed(self, device_id: str) -> None:
        logger.info("robot %s is gone", device_id)
        self.records.note(device_id, departure())
        self._sent.pop(device_id, None)

    def _all_gone(self) -> None:
        devices = self._presence.devices
        self._presence.clear()
        for device_id in devices:
            self._departed(device_id)

    def _tick(self) -> None:
        self._worker.later("tick", TICK_SECONDS, self._tick)
        for device_id in self._presence.silent():
            self._presence.leave(device_id)
            self._departed(device_id)
        if self.speech.heard_mirror(get_tts_mirror().state):
            push_speech(self.speech.describe())
        # Another process may have marked a robot offline that is heard here.
        for device_id in self._presence.devices:
            robot = self.records.find(device_id)
            if robot is not None and not robot.online:
                self.records.note(device_id, {"online": True})

    # their configuration

    def _refreshed(self) -> None:
        self._worker.submit(self._publish_changed)

    def _publish_changed(self) -> None:
        """Publish anew to those robots that have another configuration."""
        for device_id in list(self._sent):
            self._publish_config(device_id)

    def _publish_config(self, device_id: str) -> None:
        robot = self.records.find(device_id)
        if robot is None or device_id not in self._presence:
            self._sent.pop(device_id, None)
            return
        config = robot.effective_config(self.known.setup.configuration.config)
        if config == self._sent.get(device_id):
            return
        if self._publish(f"/devices/{device_id}/config", config, qos=1):
            is_change = device_id in self._sent
            self._sent[device_id] = config
            logger.info("robot %s got its configuration", device_id)
            if is_change:
                push_robot(robot)

    def volley_data(self, device_id: str) -> dict[str, Any]:
        """What a conversation may want to know about its robot."""
        return {"config": self._sent.get(device_id, {})}

    # from the speech service, by way of the mirror

    def _follow_speech(self, message: dict[str, Any]) -> None:
        if line := self.lines.follow(message):
            push_line(line)
        self.chat.follow(message)
        if "status" in message and self.speech.heard_status(message):
            push_speech(self.speech.describe())


_server: MoxieServer | None = None
_making = threading.Lock()


def get_moxie_server() -> MoxieServer:
    """The one of this process. It is connected only where somebody started it."""
    global _server
    with _making:
        if _server is None:
            _server = MoxieServer()
        return _server
