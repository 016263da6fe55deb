"""Conversation: a robot tells what the child said, and gets what to answer."""

from __future__ import annotations

import logging
import threading
import uuid
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from hive.chat import history
from hive.chat.answers import Answers, describe_hosted
from hive.chat.sessions import ChatSessions
from hive.events import push_chat
from hive.known import Known
from hive.mqtt.markup import make_markup
from hive.mqtt.mqtt_tts_mirror import get_tts_mirror, mirror_speech
from ttsmirror.text import clean, speakable

if TYPE_CHECKING:
    from hive.mqtt.moxie_server import MoxieServer

logger = logging.getLogger(__name__)

MODULES_VERSION = "moxie_v1"
ANSWER = "GLOBAL_RESPONSE"
FALLBACK = "FALLBACK"
ANSWERED_KEPT = 200
LOOKING_BACK = 4
COMMANDS = ("prompt", "continue", "reprompt")


class ChatResponse(str):
    """Words of Moxie, with the request that they answer and what the robot is to do beside."""

    request: dict[str, Any]
    action: dict[str, Any]

    def __new__(
        cls,
        words: str,
        request: dict[str, Any] | None = None,
        action: dict[str, Any] | None = None,
    ) -> ChatResponse:
        response = super().__new__(cls, words)
        response.request, response.action = request or {}, action or {}
        return response


class RemoteChat:
    """Answers for the modules that are hosted here, and leaves the others to the robot."""

    def __init__(self, server: MoxieServer, known: Known) -> None:
        """`server` sends to the robots; `known` says what is hosted here."""
        self._server = server
        self._known = known
        self.visits = ChatSessions()
        self._answers = Answers(self, known)
        # None: that one is being answered, or was interrupted.
        self._answered: OrderedDict[tuple[str, str], dict[str, Any] | None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def model_problem(self) -> str:
        """Why the language model did not answer last time; empty where it did."""
        return self._answers.talks.model.problem

    def interrupt(self, device_id: str) -> None:
        """What is being answered to this robot (empty: any) is not said any further."""
        self._answers.talks.interrupt(device_id)

    def follow(self, message: dict[str, Any]) -> None:
        """Take in what became of an answer. One interrupted elsewhere is not made any further."""
        if message.get("event") == "interrupted" and (key := str(message.get("id") or "")):
            self._answers.talks.interrupt(str(message.get("device_id")), key=key)
        if told := self.visits.follow(message):
            push_chat(*told)

    def start(self) -> None:
        """Have the language model's library ready, where one is to answer."""
        self._answers.prepare()

    def stop(self) -> None:
        """Answer nothing more."""
        self._answers.talks.stop()

    def handle_event(
        self, device_id: str, rcr: dict[str, Any], volley_data: dict[str, Any] | None = None
    ) -> None:
        """Take in one remote-chat event: a question about modules, or conversation."""
        backend, query = rcr.get("backend"), rcr.get("query")
        if backend == "router":
            self.handle_request(device_id, rcr, volley_data)
        elif backend == "data" and isinstance(query, dict) and query.get("query") == "modules":
            modules = describe_hosted(self._known.setup.modules)
            hosted = {"version": MODULES_VERSION, "modules": modules}
            self._send(device_id, {"event_id": rcr.get("event_id"), "query_data": hosted})

    def handle_request(
        self, device_id: str, rcr: dict[str, Any], volley_data: dict[str, Any] | None = None
    ) -> None:
        """Answer a router request, or take in a notification."""
        command = rcr.get("command")
        if command == "notify":
            self._notified(device_id, rcr)
        elif command not in COMMANDS:
            logger.info("robot %s: chat command %.60r is unknown", device_id, command)
        elif self._answer_again(device_id, rcr):
            logger.info("robot %s repeats itself, and so does the answer", device_id)
        elif not self._give(device_id, rcr, _nickname(volley_data or {})):
            # Not mirrored: the robot prefers its own content, and notifies what it really said.
            words = self._known.setup.configuration.chat_fallback
            self._send_answer(device_id, words, rcr, FALLBACK)

    def _give(self, device_id: str, rcr: dict[str, Any], nickname: str) -> bool:
        try:
            return self._answers.give(device_id, rcr, nickname)
        except Exception:
            with self._lock:  # whoever asks again is to be answered
                self._answered.pop((device_id, str(rcr.get("event_id") or "")), None)
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
        """Moxie says `response`; a ChatResponse answers its request. False: no way to the robot.

        `utterance_id` is the id by which it is mirrored, or was already, part by part.
        """
        answer = response if isinstance(response, ChatResponse) else ChatResponse(response)
        return self._send_answer(device_id, str(answer), answer.request, ANSWER, answer.action)

    def _notified(self, device_id: str, rcr: dict[str, Any]) -> None:
        """Mirror what the robot has said, unless that was done when we sent it."""
        speech = rcr.get("speech")
        if not isinstance(speech, str) or not speakable(speech):
            return
        is_hosted = bool(self._known.setup.modules_of(rcr.get("module_id")))
        event_id = str(rcr.get("event_id") or "")
        get_tts_mirror().robot_said(device_id, speech, event_id=event_id, is_ours=is_hosted)
        if is_hosted:
            self._remember(device_id, rcr, clean(speech))

    def _remember(self, device_id: str, rcr: dict[str, Any], words: str) -> None:
        """What the robot heard and said, as it tells: the conversation so far."""
        if self._answers.history.ends_with(device_id, history.MOXIE, words):
            return  # it repeats itself
        lines = rcr.get("extra_lines")
        for line in lines if isinstance(lines, list) else []:
            if isinstance(line, dict) and line.get("context_type") == "input":
                heard = str(line.get("text") or "")
                self._answers.history.add(
                    device_id, history.CHILD, clean(heard), looking_back=LOOKING_BACK
                )
        self._answers.history.add(device_id, history.MOXIE, words)

    def _answer_again(self, device_id: str, rcr: dict[str, Any]) -> bool:
        """Was this asked before? Then the answer goes out once more, where there is one yet."""
        event_id = str(rcr.get("event_id") or "")
        if not event_id:
            return False
        with self._lock:
            if (is_known := (device_id, event_id) in self._answered) is False:
                self._note_answer(device_id, event_id, None)
            answer = self._answered[device_id, event_id]
        if answer is not None:
            self._send(device_id, answer)
        return is_known

    def _note_answer(self, device_id: str, event_id: str, answer: dict[str, Any] | None) -> None:
        self._answered[device_id, event_id] = answer
        while len(self._answered) > ANSWERED_KEPT:
            self._answered.popitem(last=False)

    def _send_answer(
        self,
        device_id: str,
        words: str,
        rcr: dict[str, Any],
        output_type: str,
        what: dict[str, Any] | None = None,
    ) -> bool:
        event_id = rcr.get("event_id")
        action = {"output_type": output_type} | (what or {})
        answer = {
            "backend": "router",
            "event_id": event_id,
            "input_speech": rcr.get("speech", ""),
            "output": {"text": words, "markup": make_markup(words)},
            "fallback": output_type == FALLBACK,
            "response_action": action,
            "response_actions": [action],
        }
        if event_id:
            with self._lock:
                self._note_answer(device_id, str(event_id), answer)
        return self._send(device_id, answer)

    def _send(self, device_id: str, answer: dict[str, Any]) -> bool:
        payload = {"command": "remote_chat", "result": 0} | answer
        return self._server.send_command_to_bot_json(device_id, "remote_chat", payload)


def _nickname(volley_data: dict[str, Any]) -> str:
    child = volley_data.get("config", {}).get("child_pii", {})
    return str(child.get("nickname", ""))
