"""Who answers what a child said: a global command, the language model, or the companion."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hive.chat import history, sessions
from hive.chat.answer_queue import AnswerQueue, Question, Work
from hive.chat.companion import Companion
from hive.chat.global_commands import find_command
from hive.chat.history import History, Line
from hive.chat.language_model import is_installed
from hive.chat.models import ChatModule
from hive.chat.templates import Asked, fill, prompt_for
from hive.events import push_chat
from hive.known import Known
from hive.mqtt import mqtt_tts_mirror
from ttsmirror.text import speakable

if TYPE_CHECKING:
    from hive.mqtt.moxie_remote_chat import RemoteChat

logger = logging.getLogger(__name__)

SOURCE = "chat"
SCRIPTED, COMMAND, FALLBACK = "scripted", "command", "fallback"


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


class Answers:
    """Finds the words, and has them said through RemoteChat.process_chat_response()."""

    def __init__(self, chat: RemoteChat, known: Known) -> None:
        """`chat` says the words; `known` has the modules and commands."""
        self._chat = chat
        self._known = known
        self.history = History()
        self.companion = Companion()
        self.talks = AnswerQueue()

    def prepare(self) -> None:
        """Be ready for the first question."""
        is_led = any(module.model_name for module in self._known.setup.modules)
        if is_led and is_installed():
            self.talks.prepare()
        elif is_led:
            logger.warning("the library openai is not installed: the scripted companion answers")

    def give(self, device_id: str, rcr: dict[str, Any], nickname: str) -> bool:
        """Answer a request, now or later; False where it is for somebody else."""
        setup = self._known.setup
        asked = Asked(nickname, str(rcr.get("speech") or ""))
        module = setup.module_for(rcr.get("module_id"), rcr.get("content_id"))
        if module is not None:
            self._remember(device_id, rcr["command"], asked.speech)
        if command := find_command(asked.speech, setup.commands):
            turn = Turn(device_id, rcr, asked, command.lang, module, command.robot_action())
            words = self.companion.one_of(device_id, f"command {command.pk}", command.answer)
            self._say_in_turn(turn, fill(words, asked, command.lang), COMMAND)
        elif module is None:
            return False
        else:
            self._converse(Turn(device_id, rcr, asked, module.lang, module), module)
        return True

    def _remember(self, device_id: str, command: str, speech: str) -> None:
        if command == "prompt":
            self.history.begin(device_id)
        elif command == "continue":
            self.history.add(device_id, history.CHILD, speech)

    def _converse(self, turn: Turn, module: ChatModule) -> None:
        one_of, device_id = self.companion.one_of, turn.device_id
        if turn.rcr["command"] == "prompt":
            words = fill(one_of(device_id, "opener", module.opener), turn.asked, module.lang)
            self._say_in_turn(turn, words)
        elif turn.rcr["command"] == "reprompt" or not turn.asked.speech.strip():
            words = fill(one_of(device_id, "reprompt", module.reprompt), turn.asked, module.lang)
            self._say_in_turn(turn, words)
        elif module.model_name and is_installed():
            self._ask_model(turn, module)
        else:
            self._say_in_turn(turn, self.companion.answer(device_id, module, turn.asked), SCRIPTED)

    def _say_in_turn(self, turn: Turn, words: str, note: str = "") -> None:
        """Say words that are known already, after what the robot still waits for."""
        self.talks.ask(Work(turn.device_id, None, done=lambda _none: self._say(turn, words, note)))

    def _ask_model(self, turn: Turn, module: ChatModule) -> None:
        said: list[str] = []

        def part(words: str, is_last: bool) -> None:
            said.append(words)
            mqtt_tts_mirror.get_tts_mirror().publish_part(
                words,
                utterance_id=turn.utterance_id,
                source=SOURCE,
                device_id=turn.device_id,
                lang=turn.lang,
                is_last=is_last,
            )
            self._show(turn, speakable("".join(said)), state=sessions.MAKING)

        def done(words: str | None) -> None:
            if words is not None:
                self._say(turn, words)
            else:
                line = self.companion.one_of(turn.device_id, "fallback", module.fallback)
                instead = fill(line, turn.asked, turn.lang)
                self._say(turn, instead, FALLBACK, error=self.talks.model.problem)

        def dropped() -> None:
            mqtt_tts_mirror.get_tts_mirror().drop_parts(turn.utterance_id)
            self._show(turn, speakable("".join(said)) or sessions.UNBEGUN, state="interrupted")

        lines = self.history.lines(turn.device_id)
        if not lines or lines[-1].role != history.CHILD:  # none is kept, or it had no words
            lines.append(Line(history.CHILD, turn.asked.speech))
        prompt = prompt_for(module.prompt, turn.asked, module.lang)
        question = Question(turn.device_id, module, prompt, lines)
        key = str(turn.utterance_id)
        self.talks.ask(Work(turn.device_id, question, part, done, dropped, key))

    def _say(self, turn: Turn, words: str, note: str = "", error: str = "") -> None:
        from hive.mqtt.moxie_remote_chat import ChatResponse

        self._show(turn, words, note=note, error=error, state="waiting")
        self._chat.process_chat_response(
            turn.device_id,
            ChatResponse(words, turn.rcr, turn.action),
            utterance_id=turn.utterance_id,
            lang=turn.lang,
        )
        if sessions.is_visit(turn.device_id):  # there is no robot that would tell what it said
            self.history.add(turn.device_id, history.MOXIE, words)

    def _show(self, turn: Turn, words: str, **fields: Any) -> None:
        line = self._chat.visits.put(
            turn.device_id, turn.utterance_id, sessions.MOXIE, words, **fields
        )
        if line is not None:
            push_chat(turn.device_id, line)


def describe_hosted(modules: Iterable[ChatModule]) -> list[dict[str, Any]]:
    """Return these modules as a robot asks for them."""
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
