"""Conversation with robots: a robot reports what the child said, and gets the answer."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import OrderedDict
from typing import Any

from hive.chat import history
from hive.chat.answers import Answers, ChatResponse, describe_hosted
from hive.chat.sessions import ChatSessions
from hive.events import push_chat
from hive.mqtt.markup import make_markup
from hive.mqtt.mqtt_tts_mirror import get_tts_mirror, mirror_speech
from hive.mqtt.robot_link import SendCommand
from hive.setup_cache import SetupCache
from ttsmirror.text import clean
from ttsmonitor.language.pipeline import plain_text

logger = logging.getLogger(__name__)

MODULES_VERSION = "moxie_v1"
ANSWER = "GLOBAL_RESPONSE"
FALLBACK = "FALLBACK"
ANSWERS_KEPT = 200
LOOK_BACK_LINES = 4
ANSWER_SECONDS = 10.0
"""A robot waits for no longer for an answer."""
COMMANDS = ("prompt", "continue", "reprompt")

Json = dict[str, Any]


class RemoteChat:
    """Answers for the modules that are hosted here, and leaves the others to the robot."""

    def __init__(self, send: SendCommand, setup: SetupCache) -> None:
        """Send answers by `send`; `setup` has the hosted modules."""
        self._send_command = send
        self._setup = setup
        self.visits = ChatSessions()
        self._answers = Answers(self.process_chat_response, self.visits, setup)
        # None for a request that is being answered, or whose answer was interrupted.
        self._sent: OrderedDict[tuple[str, str], Json | None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def model_problem(self) -> str:
        """Why the language model did not answer last time; empty if it did."""
        return self._answers.queue.model.problem

    def interrupt(self, device_id: str) -> None:
        """Drop the answers to this robot, or to all robots if it is empty."""
        self._answers.queue.interrupt(device_id)

    def on_utterance_event(self, message: Json) -> None:
        """Process the outcome of an answer; one that was interrupted elsewhere is not finished."""
        if message.get("event") == "interrupted" and (key := str(message.get("id") or "")):
            self._answers.queue.interrupt(str(message.get("device_id")), key=key)
        if changed := self.visits.update_status(message):
            push_chat(*changed)

    def start(self) -> None:
        """Load the language model's library if a module uses it."""
        self._answers.prepare()

    def stop(self) -> None:
        """Stop answering."""
        self._answers.queue.stop()

    def handle_event(
        self,
        device_id: str,
        rcr: Json,
        volley_data: Json | None = None,
        waited_seconds: float = 0.0,
    ) -> None:
        """Handle a remote-chat event: a query for the modules, or conversation.

        It may have waited at the broker while the hive was away. Then what the robot said is
        mirrored, and nothing is answered that nobody waits for any more.
        """
        backend, query = rcr.get("backend"), rcr.get("query")
        if waited_seconds > ANSWER_SECONDS:
            if rcr.get("command") == "notify" and backend == "router":
                self._handle_notification(device_id, rcr, waited_seconds)
        elif backend == "router":
            self.handle_request(device_id, rcr, volley_data)
        elif backend == "data" and isinstance(query, dict) and query.get("query") == "modules":
            modules = describe_hosted(self._setup.current.modules)
            hosted = {"version": MODULES_VERSION, "modules": modules}
            self._send(device_id, {"event_id": rcr.get("event_id"), "query_data": hosted})

    def handle_request(self, device_id: str, rcr: Json, volley_data: Json | None = None) -> None:
        """Answer a router request, or process a notification."""
        command = rcr.get("command")
        if command == "notify":
            self._handle_notification(device_id, rcr)
        elif command not in COMMANDS:
            logger.info("robot %s sent an unknown chat command: %.60r", device_id, command)
        elif self._is_repeated(device_id, rcr):
            logger.info("robot %s repeated a request, so the answer is repeated", device_id)
        elif not self._answer(device_id, rcr, _nickname(volley_data or {})):
            # Not mirrored: the robot prefers its own content, and reports what it really said.
            words = self._setup.current.configuration.chat_fallback
            self._send_answer(device_id, words, rcr, {"output_type": FALLBACK})

    def _answer(self, device_id: str, rcr: Json, nickname: str) -> bool:
        try:
            return self._answers.answer(device_id, rcr, nickname)
        except Exception:
            with self._lock:  # so that a repeated request is answered
                self._sent.pop((device_id, str(rcr.get("event_id") or "")), None)
            raise

    @mirror_speech(source="chat", text="response")
    def process_chat_response(
        self,
        device_id: str,
        response: str,
        *,
        utterance_id: uuid.UUID | None = None,
        lang: str = "",
    ) -> bool:
        """Have the robot say `response`; a ChatResponse answers its request.

        Mirror it by `utterance_id`, unless its parts were mirrored by that id already. Return
        False if the broker cannot be reached.
        """
        answer = response if isinstance(response, ChatResponse) else ChatResponse(response)
        action = {"output_type": ANSWER} | answer.action
        return self._send_answer(device_id, str(answer), answer.request, action)

    def _handle_notification(self, device_id: str, rcr: Json, waited_seconds: float = 0.0) -> None:
        """Mirror the robot's speech, unless it was mirrored when it was sent."""
        speech = rcr.get("speech")
        if not isinstance(speech, str) or not plain_text(speech):
            return
        is_hosted = bool(self._setup.current.modules_of(rcr.get("module_id")))
        event_id = str(rcr.get("event_id") or "")
        get_tts_mirror().robot_said(
            device_id,
            speech,
            event_id=event_id,
            is_ours=is_hosted,
            seconds_ago=waited_seconds,
        )
        if is_hosted:
            self._add_to_history(device_id, rcr, clean(speech))

    def _add_to_history(self, device_id: str, rcr: Json, words: str) -> None:
        """Remember the words that the robot reports to have heard and said."""
        if self._answers.history.ends_with(device_id, history.MOXIE, words):
            return  # a repeated report
        lines = rcr.get("extra_lines")
        for line in lines if isinstance(lines, list) else []:
            if isinstance(line, dict) and line.get("context_type") == "input":
                speech = str(line.get("text") or "")
                self._answers.history.add(
                    device_id, history.CHILD, clean(speech), looking_back=LOOK_BACK_LINES
                )
        self._answers.history.add(device_id, history.MOXIE, words)

    def _is_repeated(self, device_id: str, rcr: Json) -> bool:
        """Return True for a known request, after sending its answer again if there is one."""
        event_id = str(rcr.get("event_id") or "")
        if not event_id:
            return False
        with self._lock:
            is_known = (device_id, event_id) in self._sent
            if not is_known:
                self._keep_answer(device_id, event_id, None)
            answer = self._sent[device_id, event_id]
        if answer is not None:
            self._send(device_id, answer)
        return is_known

    def _keep_answer(self, device_id: str, event_id: str, answer: Json | None) -> None:
        self._sent[device_id, event_id] = answer
        while len(self._sent) > ANSWERS_KEPT:
            self._sent.popitem(last=False)

    def _send_answer(self, device_id: str, words: str, rcr: Json, action: Json) -> bool:
        event_id = rcr.get("event_id")
        answer = {
            "backend": "router",
            "event_id": event_id,
            "input_speech": rcr.get("speech", ""),
            "output": {"text": words, "markup": make_markup(words)},
            "fallback": action["output_type"] == FALLBACK,
            "response_action": action,
            "response_actions": [action],
        }
        if event_id:
            with self._lock:
                self._keep_answer(device_id, str(event_id), answer)
        return self._send(device_id, answer)

    def _send(self, device_id: str, answer: Json) -> bool:
        payload = {"command": "remote_chat", "result": 0} | answer
        return self._send_command(device_id, "remote_chat", payload)


def _nickname(volley_data: Json) -> str:
    child = volley_data.get("config", {}).get("child_pii", {})
    return str(child.get("nickname", ""))
