"""The mirror in an OpenMoxie that knows nothing of it: put around the methods that speak there.

Everything that a robot is to say leaves through one method, and what it says by itself comes in
through another. Both are found by name, and are called with what they were given: nothing that
happens here can change or delay what OpenMoxie does.
"""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from contextvars import ContextVar
from importlib import import_module
from typing import Any

from ttsmonitor.messages import Control
from ttsmonitor.mirror import get_tts_mirror
from ttsmonitor.points import POINTS, Point

logger = logging.getLogger(__name__)

Given = dict[str, Any]
Function = Callable[..., Any]

_feeling: ContextVar[Given] = ContextVar("feeling", default={})  # noqa: B039  never changed


def instrument() -> list[str]:
    """Put the mirror around what is there, once. What is missing is returned, and logged once."""
    missing = []
    for point in POINTS:
        try:
            _take(point)
        except Exception as exc:
            logger.debug("cannot mirror %s", point, exc_info=True)
            missing.append(f"{point} ({exc})")
    if missing:
        logger.warning("not in this OpenMoxie, so not mirrored: %s", "; ".join(missing))
    return missing


def uninstrument() -> None:
    """Everything is as it was."""
    while _taken:
        (owner, name), original = _taken.popitem()
        if original is None:
            delattr(owner, name)
        else:
            setattr(owner, name, original)


_taken: dict[tuple[type, str], Function | None] = {}


def _take(point: Point) -> None:
    owner = getattr(import_module(point.module), point.owner)
    if (owner, point.name) in _taken:
        return
    function = getattr(owner, point.name)
    signature = inspect.signature(function)
    given = list(signature.parameters)[1 : len(point.parameters) + 1]
    if given != list(point.parameters):
        raise TypeError(f"it takes {', '.join(given) or 'nothing'}")
    wrapped = AROUND[point.name](function, signature)
    _taken[owner, point.name] = vars(owner).get(point.name)
    setattr(owner, point.name, wrapped)


def _tell_first(tell: Callable[[Given], None]) -> Callable[[Function, inspect.Signature], Function]:
    """A wrapper that hands over what it was given before it calls: an echo must not overtake it."""

    def around(function: Function, signature: inspect.Signature) -> Function:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            try:
                tell(signature.bind(*args, **kwargs).arguments)
            except Exception:
                logger.exception("could not mirror what was said")
            return function(*args, **kwargs)

        return wrapper

    return around


def _with_feeling(function: Function, signature: inspect.Signature) -> Function:
    """Mood and intensity are in this call; the words leave a few calls further in."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        feeling: Given = {}
        try:
            given = signature.bind(*args, **kwargs).arguments
            feeling = {name: given[name] for name in ("mood", "intensity")}
        except Exception:
            logger.exception("could not tell the mood of what was said")
        token = _feeling.set(feeling)
        try:
            return function(*args, **kwargs)
        finally:
            _feeling.reset(token)

    return wrapper


def _command(given: Given) -> None:
    """A command leaves for a robot."""
    payload = given["payload"]
    if given["command"] == "telehealth":
        _telehealth(given["device_id"], payload["message"])
    elif given["command"] == "remote_chat" and "output" in payload:
        # A fallback is for a robot that has nothing better: if it is said, the robot tells.
        if payload.get("response_action", {}).get("output_type") != "FALLBACK":
            _speech(given["device_id"], payload["output"], "chat", payload.get("event_id"))


def _telehealth(device_id: str, message: Given) -> None:
    if message["action"] == "INTERRUPT":
        get_tts_mirror().publish_control(Control(action="interrupt", device_id=device_id))
    elif message["action"] == "PLAY_OUTPUT":
        _speech(device_id, message["output"], "puppet_mode", None)


def _speech(device_id: str, output: Given, source: str, event_id: Any) -> None:
    if words := output.get("text") or output.get("markup"):
        get_tts_mirror().publish_text(
            words,
            source=source,
            device_id=device_id,
            event_id=str(event_id or ""),
            **_feeling.get(),
        )


def _request(given: Given) -> None:
    """A robot asks for an answer, or tells what it has just said."""
    rcr = given["rcr"]
    speech = rcr.get("speech")
    if rcr.get("command") == "notify" and isinstance(speech, str):
        content = f"{rcr.get('module_id', '')}/{rcr.get('content_id', '')}"
        get_tts_mirror().robot_said(
            given["device_id"],
            speech,
            event_id=str(rcr.get("event_id") or ""),
            is_ours=content in getattr(next(iter(given.values())), "_modules", ()),
        )


AROUND = {
    "send_command_to_bot_json": _tell_first(_command),
    "send_telehealth_speech": _with_feeling,
    "handle_request": _tell_first(_request),
}
"""What is done around each of the POINTS."""
