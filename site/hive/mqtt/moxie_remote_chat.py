"""Conversation: a robot tells what the child said, and gets what to answer."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from hive.conf import conf
from hive.models import Configuration
from hive.mqtt.markup import make_markup
from hive.mqtt.mqtt_tts_mirror import get_tts_mirror, mirror_speech
from ttsmonitor.messages import clean

if TYPE_CHECKING:
    from hive.mqtt.moxie_server import MoxieServer

logger = logging.getLogger(__name__)

MODULES_VERSION = "moxie_v1"
CONTENT_ID = "default"
ANSWER = "GLOBAL_RESPONSE"
FALLBACK = "FALLBACK"
ANSWERED_KEPT = 200
COMMANDS = ("prompt", "continue", "reprompt")


class ChatResponse(str):
    """Words of Moxie, with the request that they answer."""

    request: dict[str, Any]

    def __new__(cls, words: str, request: dict[str, Any] | None = None) -> ChatResponse:
        response = super().__new__(cls, words)
        response.request = request or {}
        return response


class RemoteChat:
    """Answers for the module that is hosted here, and leaves the others to the robot."""

    def __init__(self, server: MoxieServer) -> None:
        self._server = server
        self._answered: OrderedDict[tuple[str, str], dict[str, Any]] = OrderedDict()
        self._turn: dict[str, int] = {}

    def handle_event(
        self, device_id: str, rcr: dict[str, Any], volley_data: dict[str, Any] | None = None
    ) -> None:
        """Take in one remote-chat event: a question about modules, or conversation."""
        backend, query = rcr.get("backend"), rcr.get("query")
        if backend == "router":
            self.handle_request(device_id, rcr, volley_data)
        elif backend == "data" and isinstance(query, dict) and query.get("query") == "modules":
            self._send(device_id, {"event_id": rcr.get("event_id"), "query_data": modules()})

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
        elif is_ours(rcr):
            words = self._words(device_id, rcr, volley_data or {})
            self.process_chat_response(device_id, ChatResponse(words, rcr))
        else:
            # Not mirrored: the robot prefers its own content, and notifies what it really said.
            words = Configuration.load().chat_fallback
            self._send_answer(device_id, words, rcr, FALLBACK)

    @mirror_speech(source="chat", text="response")
    def process_chat_response(self, device_id: str, response: str) -> bool:
        """Moxie says `response`; a ChatResponse answers its request. False: no way to the robot."""
        request = response.request if isinstance(response, ChatResponse) else {}
        return self._send_answer(device_id, str(response), request, ANSWER)

    def _notified(self, device_id: str, rcr: dict[str, Any]) -> None:
        """The robot has said something: mirrored, unless it was when we sent it."""
        speech = rcr.get("speech")
        if isinstance(speech, str):
            event_id = str(rcr.get("event_id") or "")
            get_tts_mirror().robot_said(device_id, speech, event_id=event_id, is_ours=is_ours(rcr))

    def _words(self, device_id: str, rcr: dict[str, Any], volley_data: dict[str, Any]) -> str:
        script = Configuration.load()
        if rcr["command"] == "prompt":
            words = script.chat_opener
        elif rcr["command"] == "reprompt":
            words = script.chat_reprompt
        else:
            replies = [line for line in script.chat_reply.splitlines() if line.strip()]
            turn = self._turn.get(device_id, 0)
            self._turn[device_id] = turn + 1
            words = replies[turn % len(replies)] if replies else script.chat_fallback
        child = volley_data.get("config", {}).get("child_pii", {})
        words = words.replace("{nickname}", str(child.get("nickname", "")))
        return clean(words.replace("{speech}", str(rcr.get("speech") or "")).strip())

    def _answer_again(self, device_id: str, rcr: dict[str, Any]) -> bool:
        answer = self._answered.get((device_id, str(rcr.get("event_id") or "")))
        return answer is not None and (self._send(device_id, answer) or True)

    def _send_answer(
        self, device_id: str, words: str, rcr: dict[str, Any], output_type: str
    ) -> bool:
        event_id = rcr.get("event_id")
        action = {"output_type": output_type}
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
            self._answered[device_id, str(event_id)] = answer
            while len(self._answered) > ANSWERED_KEPT:
                self._answered.popitem(last=False)
        return self._send(device_id, answer)

    def _send(self, device_id: str, answer: dict[str, Any]) -> bool:
        payload = {"command": "remote_chat", "result": 0} | answer
        return self._server.send_command_to_bot_json(device_id, "remote_chat", payload)


def is_ours(rcr: dict[str, Any]) -> bool:
    """Is the robot in the module that is hosted here?"""
    return rcr.get("module_id") == conf.HIVE_CHAT_MODULE


def modules() -> dict[str, Any]:
    """The modules that are hosted here, as a robot asks for them."""
    module = {
        "info": {"id": conf.HIVE_CHAT_MODULE},
        "rules": "RANDOM",
        "source": "REMOTE_CHAT",
        "content_infos": [{"info": {"id": CONTENT_ID}}],
    }
    return {"version": MODULES_VERSION, "modules": [module]}
