"""A simulated robot, which behaves on MQTT as a Moxie does."""

from __future__ import annotations

import json
import logging
import queue
import ssl
import sys
import threading
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from hive.conf import conf

logger = logging.getLogger(__name__)

ROBOT_LOGIN = ("unknown", "the server need not check this")
STATE_SECONDS = 10.0
PUPPET_MODE = "TELEHEALTH"
OWN_MODULE = "DM"
"""A module of the robot's own content."""
READY, SPEAKING, EXITING = "READY", "IN_SESSION", "EXITING"

Value = TypeVar("Value")
OnEvent = Callable[[str, str], None]


class VirtualMoxie:
    """A simulated robot for tests and for trying things out.

    `on_event(kind, words)` is called on threads of this object. Kinds are connected, lost, config,
    says, said, stops, sleeps, wakes, state, command and answer.
    """

    def __init__(
        self,
        device_id: str = "",
        host: str = "localhost",
        port: int = 8883,
        *,
        tls: bool = True,
        ca_certs: str = "",
        login: tuple[str, str] = ROBOT_LOGIN,
        seconds_per_character: float = 0.0,
    ) -> None:
        """Connect nothing yet. With `ca_certs` it verifies the broker; a real robot does not.

        `login` is a user name and a password.
        """
        self.device_id = device_id or f"d_{uuid.uuid4()}"
        self.module_id = conf.HIVE_CHAT_MODULE
        self.config: dict[str, Any] = {}
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.said: list[str] = []
        """The sentences that it finished, oldest first."""
        self.state = ""
        """The telehealth state as last reported."""
        self.is_awake = True
        self.is_connected = False
        self._address = (host, port)
        self._seconds_per_character = seconds_per_character
        self.on_event: OnEvent = lambda kind, words: None
        self._changed = threading.Condition()
        self._speech: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._interrupted = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._client = self._build(tls, ca_certs)
        self._client.username_pw_set(*login)

    def _build(self, tls: bool, ca_certs: str) -> paho.Client:
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id=self.device_id)
        client.reconnect_delay_set(1, 5)
        if tls and ca_certs:
            client.tls_set(ca_certs)
        elif tls:
            client.tls_set(cert_reqs=ssl.CERT_NONE)  # as robots do, by their QR code
            client.tls_insecure_set(True)
        client.on_connect = self._connected
        client.on_connect_fail = lambda *_: self._emit("lost", _failure())
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        return client

    # Life

    def start(self) -> None:
        """Connect in the background, and again after each loss."""
        for target, name in ((self._speak, "speech"), (self._report, "state")):
            thread = threading.Thread(target=target, name=f"virtual_moxie.{name}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._client.connect_async(*self._address, keepalive=30)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect as a robot that is switched off. Idempotent."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._interrupted.set()
        self._speech.put(None)
        self._client.disconnect()
        self._client.loop_stop()
        if (left_open := self._client.socket()) is not None:
            left_open.close()  # paho's thread may end before it closes its connection
        for thread in self._threads:
            thread.join(2)

    def wait_for(
        self, predicate: Callable[[VirtualMoxie], Value], timeout_seconds: float = 60.0
    ) -> Value:
        """Wait until `predicate(self)` is true and return its value. Raises TimeoutError."""
        with self._changed:
            if self._changed.wait_for(lambda: predicate(self), timeout_seconds):
                return predicate(self)
        raise TimeoutError(f"{self.device_id}: not within {timeout_seconds} s")

    @property
    def is_puppet(self) -> bool:
        """True in Puppet Mode."""
        return bool(self.config.get("moxie_mode") == PUPPET_MODE)

    def spoken_commands(self, action: str = "PLAY_OUTPUT") -> list[str]:
        """Return the words of the telehealth commands of this kind, oldest first."""
        messages = [payload["message"] for name, payload in self.commands if name == "telehealth"]
        return [
            message.get("output", {}).get("text", "")
            for message in messages
            if message.get("action") == action
        ]

    # Actions of the child and the robot

    def hear(self, words: str) -> str:
        """Send the child's words; return the id of the request."""
        self.wake()
        return self._ask("continue", words)

    def prompt(self) -> str:
        """Begin a conversation: ask for the opener."""
        return self._ask("prompt")

    def reprompt(self) -> str:
        """Ask for a reminder, because the child says nothing."""
        return self._ask("reprompt")

    def say_own(self, words: str) -> None:
        """Say something of the robot's own content."""
        self._speech.put((words, OWN_MODULE))

    def query(self, name: str) -> str:
        """Ask the server for its schedule, mentor_behaviors or license."""
        request_id = str(uuid.uuid4())
        self._activity({"subtopic": "query", "query": name, "request_id": request_id})
        return request_id

    def ask_modules(self) -> None:
        """Ask which modules the server hosts."""
        query = {"backend": "data", "query": {"query": "modules"}}
        self._publish("events/remote-chat", query | {"event_id": str(uuid.uuid4())})

    def sleep(self) -> None:
        """Fall asleep."""
        if self.is_awake:
            self.is_awake = False
            self.publish_state()
            self._emit("sleeps")

    def wake(self) -> None:
        """Wake up."""
        if not self.is_awake:
            self.is_awake = True
            self.publish_state()
            self._emit("wakes")

    def publish_state(self) -> None:
        """Publish battery level and whether it is awake."""
        self._publish("state", {"battery_level": 0.8, "awake": self.is_awake})

    # To the server

    def _ask(self, command: str, speech: str = "") -> str:
        event_id = str(uuid.uuid4())
        request = {
            "event_id": event_id,
            "backend": "router",
            "command": command,
            "module_id": self.module_id,
            "content_id": "default",
            "speech": speech,
            "extra_lines": [],
            "input_vars": {},
        }
        self._publish("events/remote-chat", request)
        return event_id

    def notify(self, words: str, module_id: str, heard: str = "") -> None:
        """Report the robot's speech to the server."""
        report = {
            "event_id": str(uuid.uuid4()),
            "backend": "router",
            "command": "notify",
            "module_id": module_id,
            "content_id": "default",
            "speech": words,
            "extra_lines": [{"context_type": "input", "text": heard}] if heard else [],
        }
        self._publish("events/remote-chat", report)

    def _report_state(self, state: str) -> None:
        if state == self.state:
            return
        self.state = state
        self._activity({"subtopic": "telehealth", "message": {"state": state}})
        self._emit("state", state)

    def _activity(self, fields: dict[str, Any]) -> None:
        self._publish("events/client-service-activity-log", fields)

    def _publish(self, name: str, fields: dict[str, Any]) -> None:
        if self._client.is_connected():
            payload = json.dumps(fields, ensure_ascii=False)
            # Reports of speech reach a hive that is away now; a state is out of date by then.
            qos = 1 if name == "events/remote-chat" else 0
            self._client.publish(f"/devices/{self.device_id}/{name}", payload, qos=qos)

    # From the server, on paho's thread

    def _connected(self, client: paho.Client, data: Any, flags: Any, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            self._emit("lost", f"refused: {reason}")
            return
        here = f"/devices/{self.device_id}"
        client.subscribe([(f"{here}/config", 1), (f"{here}/commands/+", 1)])
        self.is_connected = True
        self.state = ""
        self.publish_state()
        self._emit("connected")

    def _disconnected(self, *_: Any) -> None:
        self.is_connected = False
        if not self._stopping.is_set():
            self._emit("lost", "the connection to the broker was lost")

    def _received(self, client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        name = message.topic.rsplit("/", 1)[1]
        if name == "zmq":  # protobuf, which OpenMoxie sends
            return
        try:
            self._obey(name, json.loads(message.payload))
        except Exception:
            logger.exception("simulated robot: command on %s failed", message.topic)

    def _obey(self, name: str, payload: dict[str, Any]) -> None:
        if name == "config":
            self._configure(payload)
            return
        self.commands.append((name, payload))
        if name == "telehealth":
            self._telehealth(payload["message"])
        elif name == "remote_chat" and "output" in payload:
            module_id = OWN_MODULE if payload["fallback"] else self.module_id
            self._speech.put((payload["output"]["text"], module_id))
        elif name == "wakeup":
            self.wake()
        elif name == "query_result":
            self._emit("answer", json.dumps(payload, ensure_ascii=False))
        self._emit("command", name)

    def _configure(self, config: dict[str, Any]) -> None:
        was_puppet, self.config = self.is_puppet, config
        if self.is_puppet:
            self._report_state(READY)
        elif was_puppet:
            self._report_state(EXITING)
        self._emit("config", PUPPET_MODE if self.is_puppet else "")

    def _telehealth(self, message: dict[str, Any]) -> None:
        if message["action"] == "INTERRUPT":
            self._interrupted.set()
            while not self._speech.empty():
                self._speech.get_nowait()
            self._emit("stops")
        elif message["action"] == "PLAY_OUTPUT":
            self.wake()
            self._speech.put((message["output"]["text"], PUPPET_MODE))

    # Threads

    def _speak(self) -> None:
        while (item := self._speech.get()) is not None:
            words, module_id = item
            self._interrupted.clear()
            self._emit("says", words)
            if self.is_puppet:
                self._report_state(SPEAKING)
            stopped = self._interrupted.wait(self._seconds_per_character * len(words))
            if not stopped:
                self.said.append(words)
                self.notify(words, module_id)
            if self.is_puppet and self._speech.empty():
                self._report_state(READY)
            self._emit("said", words)

    def _report(self) -> None:
        while not self._stopping.wait(STATE_SECONDS):
            self.publish_state()

    def _emit(self, kind: str, words: str = "") -> None:
        try:
            self.on_event(kind, words)
        except Exception:
            logger.exception("simulated robot: on_event failed")
        with self._changed:
            self._changed.notify_all()


def _failure() -> str:
    """Return why connecting failed; paho calls back while it handles the exception."""
    is_untrusted = isinstance(sys.exc_info()[1], ssl.SSLCertVerificationError)
    return "the broker's certificate is not trusted" if is_untrusted else "no broker answers"
