"""A scripted companion, which answers if there is no language model.

It tells riddles, jokes and stories, does sums, calms a child that is upset, and says what it can
do. To everything else it answers with the replies of the module.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from hive.chat.companion_phrases import WORDS, Words
from hive.chat.templates import Asked, fill
from hive.models import ChatModule, lines_of

KEPT = 500


@dataclass
class _State:
    """The state of a conversation: which line is next, and the riddle's solution."""

    turns: dict[str, int] = field(default_factory=dict)
    solution: str = ""
    """The solution of the last riddle."""


class Companion:
    """Answers in the language of a module. Thread-safe."""

    def __init__(self) -> None:
        self._states: OrderedDict[str, _State] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, device_id: str, module: ChatModule, asked: Asked) -> str:
        """Return the answer to the child's words."""
        with self._lock:
            state = self._state(device_id)
            words = self._scripted_answer(state, WORDS[module.lang], asked.speech)
            if not words:
                words = _next_of(state, "replies", lines_of(module.replies))
        return fill(words, asked, module.lang)

    def next_line(self, device_id: str, name: str, text: str) -> str:
        """Return the next line of `text`; `name` identifies the text's turn."""
        with self._lock:
            return _next_of(self._state(device_id), name, lines_of(text))

    def _state(self, device_id: str) -> _State:
        state = self._states.setdefault(device_id, _State())
        self._states.move_to_end(device_id)
        while len(self._states) > KEPT:
            self._states.popitem(last=False)
        return state

    def _scripted_answer(self, state: _State, words: Words, speech: str) -> str:
        speech = speech.casefold()
        if state.solution:
            solution, state.solution = state.solution, ""
            return _check_solution(words, solution, speech)
        if total := _add_up(words, speech):
            return total
        if re.search(words.riddle, speech):
            riddle, state.solution = words.riddles[_turn(state, "riddle", len(words.riddles))]
            return riddle
        for pattern, lines in words.topics.items():
            if re.search(pattern, speech):
                return _next_of(state, pattern, lines)
        return ""


def _turn(state: _State, name: str, several: int) -> int:
    turn = state.turns.get(name, 0)
    state.turns[name] = turn + 1
    return turn % several


def _next_of(state: _State, name: str, lines: list[str]) -> str:
    return lines[_turn(state, name, len(lines))] if lines else ""


def _check_solution(words: Words, solution: str, guess: str) -> str:
    is_right = re.search(rf"\b{re.escape(solution.split()[-1].casefold())}", guess)
    return (words.right if is_right else words.wrong).replace("{solution}", solution)


def _add_up(words: Words, speech: str) -> str:
    for sign, name in words.signs.items():
        match = re.search(rf"(\w+) ?(?:{name}) ?(\w+)", speech)
        if match is None:
            continue
        left, right = (_number(words, each) for each in match.groups())
        if left is not None and right is not None:
            return words.total.replace("{total}", _calculate(words, sign, left, right))
    return ""


def _number(words: Words, word: str) -> int | None:
    if word.isdecimal():
        return int(word) if len(word) <= 6 else None
    return words.numbers.get(word)


def _calculate(words: Words, sign: str, left: int, right: int) -> str:
    if sign == "+":
        return str(left + right)
    if sign == "-":
        return str(left - right) if left >= right else f"{words.minus} {right - left}"
    if sign == "*":
        return str(left * right)
    if right == 0:
        return words.no_division
    whole, rest = divmod(left, right)
    return f"{whole}" if not rest else words.rest.format(whole=whole, rest=rest)
