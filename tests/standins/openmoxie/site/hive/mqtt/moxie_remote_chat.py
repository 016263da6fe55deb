"""Plays OpenMoxie's conversation: its names, its signatures, its messages, and none of its code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

CHAT = "OPENMOXIE_CHAT/default"


class Volley:
    """A request, and the answer that is made of it."""

    def __init__(self, request: dict[str, Any]) -> None:
        self.request = request
        action = {"output_type": "GLOBAL_RESPONSE"}
        self.response: dict[str, Any] = {
            "command": "remote_chat",
            "result": 0,
            "backend": request["backend"],
            "event_id": request["event_id"],
            "output": {},
            "response_actions": [action],
            "fallback": False,
            "response_action": action,
        }

    def set_output(self, text: str, markup: str | None, output_type: str = "") -> None:
        self.response["output"] = {"text": text} | ({"markup": markup} if markup else {})
        if output_type:
            self.response["response_action"]["output_type"] = output_type


class ChatSession:
    """It answers the same to everything."""

    def handle_volley(self, volley: Volley) -> None:
        said = volley.request.get("speech")
        volley.set_output(f"You said {said}. Tell me more!" if said else "Hi there!", None)


class RemoteChat:
    """Answers for the modules that are hosted here."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._modules = {CHAT: ChatSession()}
        self._worker_queue = ThreadPoolExecutor(max_workers=2)

    def make_markup(self, text: str) -> str:
        return f"<mark name='auto'/>{text}"

    def create_session_response(self, device_id: str, sess: ChatSession, volley: Volley) -> None:
        sess.handle_volley(volley)
        output = volley.response["output"]
        output.setdefault("markup", self.make_markup(output["text"]))
        self._server.send_command_to_bot_json(device_id, "remote_chat", volley.response)

    def global_response(self, device_id: str, functor: Callable[[], dict[str, Any]]) -> None:
        response = functor()
        response["output"].setdefault("markup", self.make_markup(response["output"]["text"]))
        self._server.send_command_to_bot_json(device_id, "remote_chat", response)

    def handle_request(
        self, device_id: str, rcr: dict[str, Any], volley_data: dict[str, Any]
    ) -> None:
        if rcr.get("command") == "notify":
            return
        session = self._modules.get(f"{rcr.get('module_id', '')}/{rcr.get('content_id', '')}")
        volley = Volley(rcr)
        if rcr.get("speech", "").lower() == "what time is it":
            functor = functools.partial(self._the_time, volley)
            self._worker_queue.submit(self.global_response, device_id, functor)
        elif session is not None:
            self._worker_queue.submit(self.create_session_response, device_id, session, volley)
        else:
            volley.set_output("Sorry, what did you say?", None, "FALLBACK")
            self._server.send_command_to_bot_json(device_id, "remote_chat", volley.response)

    @staticmethod
    def _the_time(volley: Volley) -> dict[str, Any]:
        volley.set_output("It is half past seven.", None, "GLOBAL_COMMAND")
        return volley.response
