"""The robots' server: it takes in what robots publish, and sends them commands."""

from __future__ import annotations

import logging
import threading
import uuid
from typing import Any

from hive.broker.certificates import CertificateProbe
from hive.chat.sessions import is_visit
from hive.conf import conf
from hive.events import push_admission, push_line, push_speech
from hive.models import Approval, arrival, departure
from hive.mqtt.admission import Admission
from hive.mqtt.broker_log import LOG_TOPIC
from hive.mqtt.config_publisher import ConfigPublisher
from hive.mqtt.markup import make_markup
from hive.mqtt.moxie_remote_chat import RemoteChat
from hive.mqtt.mqtt_tts_mirror import get_tts_mirror, mirror_speech
from hive.mqtt.own_interrupts import OwnInterrupts
from hive.mqtt.presence import Presence
from hive.mqtt.queries import Queries
from hive.mqtt.reports import Reports
from hive.mqtt.robot_link import BROKER_TOPIC, COMPONENT, RobotLink
from hive.mqtt.robot_repository import RobotRepository
from hive.mqtt.task_thread import TaskThread
from hive.puppet.delivery_status import CONFIRMATIONS
from hive.puppet.lines import SOURCE, Lines
from hive.setup_cache import SetupCache
from hive.speech_state import SpeechState
from ttsmirror.conf import conf as mirror_conf
from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.mqtt.connection import Received
from ttsmirror.publishing.publisher import Listener
from ttsmirror.reasons import Reason
from ttsmirror.wire.control import Control, parse_control
from ttsmirror.wire.messages import CONTROL_TOPIC, HEALTH_TOPIC, parse_object, pong_payload
from ttsmonitor.service.health import DatabaseProbe, Health, HealthCheck
from ttsmonitor.system.watchdog import find_faults

logger = logging.getLogger(__name__)

TICK_SECONDS = 2.0


class MoxieServer:
    """The robots' server. The methods that send never wait and may be called from any thread.

    start() connects in the background. One thread handles what arrives, without waiting for the
    database: `setup` and `robots` keep in memory what it needs.
    """

    def __init__(
        self,
        link: RobotLink | None = None,
        setup: SetupCache | None = None,
        robots: RobotRepository | None = None,
    ) -> None:
        """Build the parts; nothing is connected or read yet."""
        self._link = link or RobotLink()
        self.setup = setup or SetupCache()
        self._worker = TaskThread("hive.robots")
        self._own_interrupts = OwnInterrupts()
        self.lines = Lines()
        self.speech = SpeechState(on_change=push_speech)
        self.robots = robots or RobotRepository(self.setup)
        self.admission = Admission(self.robots, self.setup)
        self._shown_admission: dict[str, Any] = {}
        self.presence = Presence(
            conf.HIVE_SILENCE_SECONDS,
            self._on_arrival,
            self._on_departure,
            self.admission.may_enter,
        )
        self._configs = ConfigPublisher(self._link.publish, self.presence, self.robots, self.setup)
        self.chat = RemoteChat(self.send_command_to_bot_json, self.setup)
        self.reports = Reports(
            self.presence,
            self.robots,
            self.lines,
            on_chat=self._handle_chat,
            on_query=Queries(self.send_command_to_bot_json, self.setup).answer,
            is_approved=self.admission.is_approved,
        )
        self._database = DatabaseProbe()
        self._health = self._make_health()

    # Life

    def start(self) -> None:
        """Connect in the background, now or as soon as the broker can be reached."""
        mirror = get_tts_mirror()
        mirror.add_listener(self._listener())
        mirror.start()
        self.admission.start()
        self.robots.on_refresh = lambda: self._worker.submit(self._apply_rows)
        self.robots.start()
        self.chat.start()
        self._worker.start()
        self._worker.later("tick", TICK_SECONDS, self._tick)
        self._health.start()
        self._link.start(self._receive, self._on_broker_ready, self._on_broker_lost)

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Disconnect from the broker and finish handling received messages."""
        self._health.stop()
        self.chat.stop()
        self._link.stop(timeout_seconds)
        self._worker.stop(timeout_seconds)
        self.robots.stop(timeout_seconds)

    @property
    def is_ready(self) -> bool:
        """True while connected to the broker and subscribed."""
        return self._link.is_ready

    @property
    def reconnects(self) -> int:
        """Connections to the broker after the first one."""
        return self._link.reconnects

    def health(self) -> dict[str, Any]:
        """Return Health.report() with the counts of messages and of robots that wait."""
        report, mirror = self._health.report(), get_tts_mirror().state
        report["checks"]["mirror"] |= {"waiting": mirror.waiting, "lost": mirror.lost}
        report["checks"]["robots"] |= {
            "waiting": self.robots.count(Approval.WAITING),
            "turned_away": self.admission.turned_away_count,
        }
        return report

    def restart_reason(self) -> str:
        """Return what only a new process would mend, or an empty string."""
        # Threads that wait for a database that hangs would do so in a new process, too.
        return "" if self._database.error else self._thread_error()

    def _thread_error(self) -> str:
        parts = (self._worker, self.robots, self._health, self._link)
        return find_faults([*parts, get_tts_mirror()])

    def _mirror_error(self) -> str:
        mirror, speech = get_tts_mirror().state, self.speech.describe()
        is_away = mirror.waiting and not speech["online"] and not speech["broker_error"]
        away = Reason("sentences wait: no speech service is at the broker") if is_away else ""
        return mirror.problem or away

    def _make_health(self) -> Health:
        link, database, certificate = self._link, self._database, CertificateProbe()
        return Health(
            "hive.health",
            [
                HealthCheck("broker", lambda: link.error, link.probe),
                HealthCheck("database", lambda: database.error, database.look, is_frequent=True),
                HealthCheck("mirror", self._mirror_error),
                HealthCheck("robots", self._thread_error),
                HealthCheck("certificate", lambda: certificate.error, certificate.look),
            ],
        )

    # Commands to robots and to the loudspeaker

    @mirror_speech(source=SOURCE, text="speech")
    def send_telehealth_speech(
        self,
        device_id: str,
        speech: str,
        mood: str = "neutral",
        intensity: float = 0.5,
        *,
        utterance_id: uuid.UUID | None = None,
        lang: str = "",
        voice: str = "",
    ) -> bool:
        """Have a robot in Puppet Mode say `speech`. Return False if the broker cannot be reached.

        `utterance_id`, `lang` and `voice` are for the mirror, which reads them from the call.
        """
        output = {"text": speech, "markup": make_markup(speech, mood, intensity)}
        return self._send_telehealth(device_id, {"action": "PLAY_OUTPUT", "output": output})

    def send_telehealth_interrupt(self, device_id: str) -> bool:
        """Silence a robot and the loudspeaker that speaks for it."""
        self.end_conversation(device_id)
        for line in self.lines.mark_interrupted(device_id):
            push_line(line)
        return self._send_telehealth(device_id, {"action": "INTERRUPT"})

    def end_conversation(self, device_id: str) -> None:
        """Drop what a conversation still has to say: in the making, in the queue, being spoken."""
        self.chat.interrupt(device_id)
        self._own_interrupts.add(device_id)
        self.interrupt_loudspeaker(device_id)

    def say_aloud(
        self, speech: str, mood: str, intensity: float, *, utterance_id: uuid.UUID, **options: Any
    ) -> None:
        """Have the loudspeaker alone say `speech`; `options` are further SpeechOptions."""
        get_tts_mirror().publish_text(
            speech,
            source=SOURCE,
            utterance_id=utterance_id,
            mood=mood,
            intensity=intensity,
            **options,
        )

    def interrupt_loudspeaker(self, device_id: str = "") -> None:
        """Interrupt the speech of this robot, or of all if it is empty."""
        get_tts_mirror().publish_control(Control(action="interrupt", device_id=device_id))

    def send_wakeup(self, device_id: str) -> bool:
        """Wake up a sleeping robot."""
        return self.send_command_to_bot_json(device_id, "wakeup", {"command": "wakeup"})

    def send_command_to_bot_json(
        self, device_id: str, command: str, payload: dict[str, Any]
    ) -> bool:
        """Publish a command at most once: a sentence that arrives late is out of place.

        Return False for a robot that was not let in.
        """
        if not is_visit(device_id) and not self.admission.is_approved(device_id):
            return False
        return self._link.publish(f"/devices/{device_id}/commands/{command}", payload)

    def config_changed(self, device_id: str = "") -> None:
        """Read the saved configuration of one robot, or of all if it is empty, and publish it."""
        if self._link.is_started:
            self.robots.refresh_soon(device_id)

    def _send_telehealth(self, device_id: str, message: dict[str, Any]) -> bool:
        payload = {"command": "telehealth", "message": message}
        return self.send_command_to_bot_json(device_id, "telehealth", payload)

    # Callbacks of paho's thread and of the mirror, which must return at once

    def _receive(self, message: Received) -> None:
        self._worker.submit(self._handle, message)

    def _on_broker_ready(self) -> None:
        self.speech.update_broker_error("")

    def _on_broker_lost(self, error: str) -> None:
        self.speech.update_broker_error(error)
        self._worker.submit(self.presence.remove_all)

    def _listener(self) -> Listener:
        submit = self._worker.submit
        return Listener(
            on_status=lambda message: submit(self._handle_status, message),
            on_sent=lambda key: submit(self._handle_event, {"id": key, "event": "sent"}),
            on_robot=lambda key, is_said: submit(self._handle_confirmation, key, is_said),
        )

    # The worker's thread

    def _handle_status(self, message: dict[str, Any]) -> None:
        """Take in a message of moxie/tts/status."""
        self._handle_event(message)
        self.speech.update_status(message)

    def _handle_event(self, message: dict[str, Any]) -> None:
        if line := self.lines.update_status(message):
            push_line(line)
        self.chat.on_utterance_event(message)

    def _handle_confirmation(self, line_id: str, is_said: bool) -> None:
        if line := self.lines.update_robot(line_id, CONFIRMATIONS[is_said]):
            push_line(line)

    def _handle(self, message: Received) -> None:
        if message.topic.startswith(LOG_TOPIC):
            if not message.retain:  # the broker never retains its log; another client sent this
                self.presence.read_log_line(message.payload.decode("utf-8", "replace"))
            return
        try:
            if message.topic == CONTROL_TOPIC:
                self._handle_control(parse_control(message.payload), is_old=message.retain)
            elif message.topic.startswith(HEALTH_TOPIC):
                self._handle_health(message.topic, parse_object(message.payload))
            else:
                self.reports.handle(message.topic, message.payload, message.waited_seconds)
        except InvalidMessageError as exc:
            logger.warning("ignored a message on %.100s: %s", message.topic, exc)

    def _handle_control(self, control: Control, *, is_old: bool) -> None:
        """Drop interrupted answers of which the loudspeaker knows nothing yet."""
        if control.action != "interrupt" or is_old:
            return
        # Ours took effect before it was sent, and the next question may have been asked since.
        if not self._own_interrupts.discard(control.device_id):
            self.chat.interrupt(control.device_id)

    def _handle_health(self, topic: str, fields: dict[str, Any]) -> None:
        if topic == BROKER_TOPIC:
            self.speech.update_broker_kind(str(fields.get("kind", "")))
        elif topic != HEALTH_TOPIC:
            self.speech.update_presence(str(fields.get("status", "")))
        elif fields.get("type") == "ping":
            if fields.get("component") == COMPONENT:
                self._link.note_rival(str(fields.get("instance") or ""))
            health = self.health()
            status = "ok" if health["ok"] else "failing"
            pong = pong_payload(
                fields,
                COMPONENT,
                status,
                health["checks"],
                self._link.instance,
                topic=mirror_conf.MQTT_TOPIC,
            )
            self._link.publish_raw(HEALTH_TOPIC, pong)

    def _handle_chat(self, device_id: str, fields: dict[str, Any], waited_seconds: float) -> None:
        volley_data = {"config": self._configs.last_sent(device_id)}
        self.chat.handle_event(device_id, fields, volley_data, waited_seconds)

    def _on_arrival(self, device_id: str) -> None:
        is_let_in = self.admission.lets_in(device_id)
        fields = {"approval": Approval.APPROVED} if is_let_in else {}
        self.robots.update(device_id, arrival() | fields)
        if self.robots.approval(device_id) == Approval.WAITING:
            logger.warning("robot %s waits for approval: let it in on the dashboard", device_id)
        self._configs.forget(device_id)
        delay = conf.HIVE_CONFIG_DELAY_SECONDS
        self._worker.later(f"config {device_id}", delay, self._configs.publish, device_id)

    def _on_departure(self, device_id: str) -> None:
        self.robots.update(device_id, departure())
        self._configs.forget(device_id)

    def _apply_rows(self) -> None:
        """Act on rows that were read again: deleted robots, revocations, configurations."""
        for device_id in self.presence.devices:
            if self.robots.find(device_id) is None:
                self.presence.forget(device_id)
        for device_id in self._configs.configured:
            if not self.admission.is_approved(device_id):
                logger.info("the access of robot %s was revoked", device_id)
                self.send_telehealth_interrupt(device_id)
        self._configs.publish_changed()
        self._push_admission()

    def _push_admission(self) -> None:
        if (admission := self.admission.describe()) != self._shown_admission:
            self._shown_admission = admission
            push_admission(admission)

    def _tick(self) -> None:
        self._worker.later("tick", TICK_SECONDS, self._tick)
        self.presence.remove_silent()
        self.robots.mark_online(self.presence.devices)
        self.speech.update_mirror(get_tts_mirror().state)
        self.speech.update_rival(self._link.rivalry)
        self._push_admission()


_server: MoxieServer | None = None
_making = threading.Lock()


def get_moxie_server() -> MoxieServer:
    """Return the server of this process. It is connected only after start()."""
    global _server
    with _making:
        if _server is None:
            _server = MoxieServer()
        return _server
