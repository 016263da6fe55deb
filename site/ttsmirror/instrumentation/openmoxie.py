"""Patch the methods of an OpenMoxie that make a robot speak.

Everything a robot is to say leaves through one method, and what it says by itself comes in through
another. Both are found by name and called with their own arguments: nothing here can change or
delay what OpenMoxie does.
"""

from __future__ import annotations

import functools
import inspect
import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from importlib import import_module
from typing import Any

from ttsmirror.instrumentation.patch_targets import PATCH_TARGETS, PatchTarget
from ttsmirror.publishing.deduplication import RobotReport
from ttsmirror.publishing.mirror import get_tts_mirror, make_utterance
from ttsmirror.publishing.outgoing import within_limit
from ttsmirror.publishing.queue_items import Handed
from ttsmirror.text import clean, words_of_markup
from ttsmirror.wire.control import Control

logger = logging.getLogger(__name__)

COMPLAIN_SECONDS = 60.0
FEELING = ("mood", "intensity")

Given = dict[str, Any]
Function = Callable[..., Any]
Wrap = Callable[[Function, PatchTarget], Function]

_feeling: ContextVar[Call | None] = ContextVar("feeling", default=None)
"""The enclosing call that has mood and intensity of the speech which an inner call sends."""


def instrument() -> list[str]:
    """Wrap the patch targets, once. Return the missing ones; they are logged once."""
    missing = []
    for point in PATCH_TARGETS:
        try:
            _take(point)
        except Exception as exc:
            logger.debug("cannot mirror %s", point, exc_info=True)
            missing.append(f"{point} ({exc})")
    if missing:
        logger.warning("not in this OpenMoxie, so not mirrored: %s", "; ".join(missing))
    return missing


def uninstrument() -> None:
    """Restore the original methods."""
    while _taken:
        (owner, name), original = _taken.popitem()
        if original is None:
            delattr(owner, name)
        else:
            setattr(owner, name, original)


_taken: dict[tuple[type, str], Function | None] = {}


def _take(point: PatchTarget) -> None:
    owner = getattr(import_module(point.module), point.owner)
    if (owner, point.name) in _taken:
        return
    function = getattr(owner, point.name)
    given = list(inspect.signature(function).parameters)[1 : len(point.parameters) + 1]
    if given != list(point.parameters):
        raise TypeError(f"it takes {', '.join(given) or 'nothing'}")
    wrapped = AROUND[point.owner, point.name](function, point)
    _taken[owner, point.name] = vars(owner).get(point.name)
    setattr(owner, point.name, wrapped)


def _complain(exc: Exception) -> None:
    """Log a failure at most once a minute: a traceback takes longer than the call it is about."""
    global _complained
    if time.monotonic() - _complained > COMPLAIN_SECONDS:
        _complained = time.monotonic()
        logger.error("mirroring an utterance failed", exc_info=exc)


_complained = -COMPLAIN_SECONDS


class Call:
    """The arguments of a call, to be read on another thread."""

    def __init__(self, point: PatchTarget, args: tuple[Any, ...], kwargs: Given) -> None:
        self._point, self._args, self._kwargs = point, args, kwargs
        self.feeling = _feeling.get()

    def __getitem__(self, name: str) -> Any:
        given = dict(zip(("self", *self._point.parameters), self._args, strict=False))
        return (given | self._kwargs).get(name)


def _handing_over(read: Callable[[Call], Handed]) -> Wrap:
    """Wrap a method: queue its call before it runs, so that the robot's report comes after it."""

    def around(function: Function, point: PatchTarget) -> Function:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            try:
                call = Call(point, args, kwargs)
                get_tts_mirror().hand_over(functools.partial(read, call))
            except Exception as exc:
                _complain(exc)
            return function(*args, **kwargs)

        return wrapper

    return around


def _with_feeling(function: Function, point: PatchTarget) -> Function:
    """Wrap a method that knows mood and intensity of the speech which it sends."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        token = _feeling.set(Call(point, args, kwargs))
        try:
            return function(*args, **kwargs)
        finally:
            _feeling.reset(token)

    return wrapper


def _then_connect(function: Function, point: PatchTarget) -> Function:
    """Wrap the constructor of the server: the speech service is to know that OpenMoxie runs."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        try:
            get_tts_mirror().start()
        except Exception as exc:
            _complain(exc)
        return result

    return wrapper


def _command(call: Call) -> Handed:
    """Return the speech or interrupt in a command to a robot, if any."""
    command, payload = call["command"], call["payload"]
    if command == "telehealth":
        message = payload["message"]
        if message["action"] == "INTERRUPT":
            return Control(action="interrupt", device_id=call["device_id"])
        if message["action"] == "PLAY_OUTPUT":
            return _speech(call, message["output"], source="puppet_mode")
    elif command == "remote_chat" and "output" in payload:
        # A robot may have something better than a fallback. If it says the fallback, it reports it.
        if payload.get("response_action", {}).get("output_type") != "FALLBACK":
            event_id = str(payload.get("event_id") or "")
            return _speech(call, payload["output"], source="chat", event_id=event_id)
    return None


def _speech(call: Call, output: Given, **options: Any) -> Handed:
    feeling = {}
    if call.feeling is not None:
        feeling = {name: each for name in FEELING if (each := call.feeling[name]) is not None}
    words = output.get("text") or words_of_markup(str(output.get("markup") or ""))
    return make_utterance(words, device_id=call["device_id"], **options, **feeling)


def _request(call: Call) -> Handed:
    """Return the robot's report of its own speech, if the request is one."""
    rcr = call["rcr"]
    speech = rcr.get("speech")
    if rcr.get("command") != "notify" or not isinstance(speech, str):
        return None
    content = f"{rcr.get('module_id', '')}/{rcr.get('content_id', '')}"
    return RobotReport(
        call["device_id"],
        within_limit(clean(speech)),
        event_id=str(rcr.get("event_id") or ""),
        is_ours=content in getattr(call["self"], "_modules", ()),
    )


AROUND = {
    ("MoxieServer", "__init__"): _then_connect,
    ("MoxieServer", "send_command_to_bot_json"): _handing_over(_command),
    ("MoxieServer", "send_telehealth_speech"): _with_feeling,
    ("RemoteChat", "handle_request"): _handing_over(_request),
}
"""The wrapper of each patch target, by its class and its own name."""
