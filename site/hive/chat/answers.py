"""Answers to what a child said: by a global command, the language model or the companion."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from hive.chat import history, sessions
from hive.chat.answer_queue import AnswerQueue, Job, Question
from hive.chat.companion import Companion
from hive.chat.global_commands import find_command
from hive.chat.history import History, Line
from hive.chat.language_model import is_installed
from hive.chat.sessions import ChatSessions
from hive.chat.templates import Asked, fill, fill_prompt
from hive.events import push_chat
from hive.models import ChatModule
from hive.setup_cache import SetupCache
from ttsmirror.publishing import mirror
from ttsmirror.reasons import reason_columns
from ttsmonitor.language.pipeline import plain_text

logger = logging.getLogger(__name__)

SOURCE = "chat"
SCRIPTED, COMMAND, FALLBACK = "scripted", "command", "fallback"


class ChatResponse(str):
    """Words of Moxie, with the request that they answer and the robot's action."""

    request: dict[str, Any]
    action: dict[str, Any]

    def __new__(
        cls,
        words: str,
        request: dict[str, Any] | None = None,
        action: dict[str, Any] | None = None,
    ) -> ChatResponse:
        """Make a string that carries the request and the action."""
        response = super().__new__(cls, words)
        response.request, response.action = request or {}, action or {}
        return response


class SendResponse(Protocol):
    """Has the robot and the mirror say a response; RemoteChat.process_chat_response() does."""

    def __call__(
        self, device_id: str, response: str, *, utterance_id: uuid.UUID, lang: str
    ) -> bool:
        """Return False if the robot cannot be reached."""


@dataclass(frozen=True)
class Turn:
    """A request that is to be answered."""

    device_id: str
    rcr: dict[str, Any]
    asked: Asked
    lang: str
    module: ChatModule | None = None
    action: dict[str, Any] = field(default_factory=dict)
    utterance_id: uuid.UUID = field(default_factory=uuid.uuid4)
    start: int = 0
    """How often its conversation had started over."""


class Answers:
    """Finds the answer to a request and sends it."""

    def __init__(self, send: SendResponse, visits: ChatSessions, setup: SetupCache) -> None:
        """Send answers by `send`, show them in `visits`; `setup` has modules and commands."""
        self._send = send
        self._visits = visits
        self._setup = setup
        self.history = History()
        self.companion = Companion()
        self.queue = AnswerQueue()

    def prepare(self) -> None:
        """Load the language model's library if a module uses it."""
        has_model = any(module.model_name for module in self._setup.current.modules)
        if has_model and is_installed():
            self.queue.prepare()
        elif has_model:
            logger.warning("the library openai is not installed: the scripted companion answers")

    def answer(self, device_id: str, rcr: dict[str, Any], nickname: str) -> bool:
        """Answer a request, now or later. Return False if nothing here answers it."""
        setup, start = self._setup.current, self._visits.starts(device_id)
        asked = Asked(nickname, str(rcr.get("speech") or ""), setup.time_zone)
        module = setup.module_for(rcr.get("module_id"), rcr.get("content_id"))
        if module is not None:
            self._add_to_history(device_id, rcr["command"], asked.speech)
        if command := find_command(asked.speech, setup.commands):
            action = command.robot_action()
            turn = Turn(device_id, rcr, asked, command.lang, module, action, start=start)
            line = self.companion.next_line(device_id, f"command {command.pk}", command.answer)
            self._queue_words(turn, fill(line, asked, command.lang), COMMAND)
        elif module is None:
            return False
        else:
            self._converse(Turn(device_id, rcr, asked, module.lang, module, start=start), module)
        return True

    def _add_to_history(self, device_id: str, command: str, speech: str) -> None:
        if command == "prompt":
            self.history.clear(device_id)
        elif command == "continue":
            self.history.add(device_id, history.CHILD, speech)

    def _converse(self, turn: Turn, module: ChatModule) -> None:
        next_line, device_id = self.companion.next_line, turn.device_id
        if turn.rcr["command"] == "prompt":
            words = fill(next_line(device_id, "opener", module.opener), turn.asked, module.lang)
            self._queue_words(turn, words)
        elif turn.rcr["command"] == "reprompt" or not turn.asked.speech.strip():
            words = fill(next_line(device_id, "reprompt", module.reprompt), turn.asked, module.lang)
            self._queue_words(turn, words)
        elif module.model_name and is_installed():
            self._ask_model(turn, module)
        else:
            self._queue_words(turn, self.companion.answer(device_id, module, turn.asked), SCRIPTED)

    def _queue_words(self, turn: Turn, words: str, note: str = "") -> None:
        """Send known words, after the answers that the robot still waits for."""
        self.queue.add(Job(turn.device_id, None, on_done=lambda _: self._say(turn, words, note)))

    def _ask_model(self, turn: Turn, module: ChatModule) -> None:
        parts: list[str] = []

        def on_part(words: str, is_last: bool) -> None:
            parts.append(words)
            mirror.get_tts_mirror().publish_part(
                words,
                utterance_id=turn.utterance_id,
                source=SOURCE,
                device_id=turn.device_id,
                lang=turn.lang,
                is_last=is_last,
            )
            self._show(turn, plain_text("".join(parts)), state=sessions.MAKING)

        def on_done(words: str | None) -> None:
            if words is not None:
                self._say(turn, words)
            else:
                line = self.companion.next_line(turn.device_id, "fallback", module.fallback)
                instead = fill(line, turn.asked, turn.lang)
                self._say(turn, instead, FALLBACK, error=self.queue.model.problem)

        def on_dropped() -> None:
            mirror.get_tts_mirror().drop_parts(turn.utterance_id)
            self._show(turn, plain_text("".join(parts)) or sessions.UNBEGUN, state="interrupted")

        lines = self.history.lines(turn.device_id)
        if not lines or lines[-1].role != history.CHILD:  # no history is kept, or it was no words
            lines.append(Line(history.CHILD, turn.asked.speech))
        prompt = fill_prompt(module.prompt, turn.asked, module.lang)
        question = Question(turn.device_id, module, prompt, lines)
        key = str(turn.utterance_id)
        self.queue.add(Job(turn.device_id, question, on_part, on_done, on_dropped, key))

    def _say(self, turn: Turn, words: str, note: str = "", error: str = "") -> None:
        self._show(turn, words, note=note, state="waiting", **reason_columns(error))
        self._send(
            turn.device_id,
            ChatResponse(words, turn.rcr, turn.action),
            utterance_id=turn.utterance_id,
            lang=turn.lang,
        )
        if sessions.is_visit(turn.device_id):  # there is no robot that would report what it said
            self.history.add(turn.device_id, history.MOXIE, words)

    def _show(self, turn: Turn, words: str, **fields: Any) -> None:
        line = self._visits.put(
            turn.device_id,
            turn.utterance_id,
            sessions.MOXIE,
            words,
            start=turn.start,
            **fields,
        )
        if line is not None:
            push_chat(turn.device_id, line)


def describe_hosted(modules: Iterable[ChatModule]) -> list[dict[str, Any]]:
    """Return these modules in the form in which a robot asks for them."""
    contents: dict[str, list[str]] = {}
    for module in modules:
        contents.setdefault(module.robots_id, []).append(module.content_id)
    return [
        {
            "info": {"id": module_id},
            "rules": "RANDOM",
            "source": "REMOTE_CHAT",
            "content_infos": [{"info": {"id": content_id}} for content_id in ids],
        }
        for module_id, ids in contents.items()
    ]
