"""The companion that answers where there is no language model: small, but of some use.

It tells riddles, jokes and stories, does sums, breathes with a child that is upset, says what it
can do, and else keeps the child telling with the replies of the module.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from hive.chat.companion_phrases import WORDS, Words
from hive.chat.models import ChatModule, lines_of
from hive.chat.templates import Asked, fill

KEPT = 500


@dataclass
class _Talk:
    """Where a conversation is."""

    turns: dict[str, int] = field(default_factory=dict)
    solution: str = ""
    """Of the riddle that was asked last."""


class Companion:
    """Answers in the language of a module. Thread-safe."""

    def __init__(self) -> None:
        self._talks: OrderedDict[str, _Talk] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, device_id: str, module: ChatModule, asked: Asked) -> str:
        """What to answer to what the child said."""
        with self._lock:
            talk = self._talk(device_id)
            words = self._known(talk, WORDS[module.lang], asked.speech)
            if not words:
                words = _in_turn(talk, "replies", lines_of(module.replies))
        return fill(words, asked, module.lang)

    def one_of(self, device_id: str, name: str, text: str) -> str:
        """The next of the lines of `text`, which is called `name`."""
        with self._lock:
            return _in_turn(self._talk(device_id), name, lines_of(text))

    def _talk(self, device_id: str) -> _Talk:
        talk = self._talks.setdefault(device_id, _Talk())
        self._talks.move_to_end(device_id)
        while len(self._talks) > KEPT:
            self._talks.popitem(last=False)
        return talk

    def _known(self, talk: _Talk, words: Words, speech: str) -> str:
        speech = speech.casefold()
        if talk.solution:
            solution, talk.solution = talk.solution, ""
            return _judge(words, solution, speech)
        if total := _sum(words, speech):
            return total
        if re.search(words.riddle, speech):
            riddle, talk.solution = words.riddles[_turn(talk, "riddle", len(words.riddles))]
            return riddle
        for pattern, lines in words.topics.items():
            if re.search(pattern, speech):
                return _in_turn(talk, pattern, lines)
        return ""


def _turn(talk: _Talk, name: str, several: int) -> int:
    turn = talk.turns.get(name, 0)
    talk.turns[name] = turn + 1
    return turn % several


def _in_turn(talk: _Talk, name: str, lines: list[str]) -> str:
    return lines[_turn(talk, name, len(lines))] if lines else ""


def _judge(words: Words, solution: str, guess: str) -> str:
    is_right = re.search(rf"\b{re.escape(solution.split()[-1].casefold())}", guess)
    return (words.right if is_right else words.wrong).replace("{solution}", solution)


def _sum(words: Words, speech: str) -> str:
    for sign, name in words.signs.items():
        match = re.search(rf"(\w+) ?(?:{name}) ?(\w+)", speech)
        if match is None:
            continue
        left, right = (_number(words, each) for each in match.groups())
        if left is not None and right is not None:
            return words.total.replace("{total}", _reckon(words, sign, left, right))
    return ""


def _number(words: Words, word: str) -> int | None:
    if word.isdecimal():
        return int(word) if len(word) <= 6 else None
    return words.numbers.get(word)


def _reckon(words: Words, sign: str, left: int, right: int) -> str:
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
