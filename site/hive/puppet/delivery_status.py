"""The delivery status of a line, step by step: to its robot and to the loudspeaker."""

from __future__ import annotations

from typing import Any

SENT, SPEAKING, SAID = "sent", "speaking", "said"
OFFLINE, INTERRUPTED, UNCONFIRMED = "offline", "interrupted", "unconfirmed"
CONFIRMATIONS: dict[bool | None, str] = {True: SAID, False: UNCONFIRMED, None: ""}
"""The state at the robot by the stored value of `robot_confirmed`."""
_ROBOT_RANKS = {"": 0, SENT: 1, SPEAKING: 2, INTERRUPTED: 3, UNCONFIRMED: 3, OFFLINE: 4, SAID: 4}
_ROBOT_STEPS = (SENT, SPEAKING, SAID)
_SPEECH_STEPS = ("sent", "queued", "playing", "spoken")
_HEARD = ("playing", "spoken")
MUTED = "muted"
_SPEECH_RANKS = {"waiting": 0, "sent": 1, "queued": 2, "playing": 3}
_SPEECH_END = 4
_ENDS = {SAID, "spoken"}

NO_WORD = "the robot did not confirm it"
NOT_THERE = "the robot is offline"
NO_BROKER = "the broker cannot be reached"


def robot_rank(state: str) -> int:
    """Return the rank of a state at the robot; a line never goes back to a lower one."""
    return _ROBOT_RANKS.get(state, 0)


def speech_rank(state: str) -> int:
    """Return the rank of a state at the loudspeaker; that of its end is the highest."""
    return _SPEECH_RANKS.get(state, _SPEECH_END)


def describe(line: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a line as pages show it, with `shown`, `robot_way` and `speech_way`.

    `shown` is the state at the loudspeaker, or `muted` for what was played and not heard.

    A delivery has `steps` and a `rank`; one of a lower rank is older and is not shown. A step has a
    `name` and a state `is`: done, now, next, or end for a failure. `robot_way` is None without a
    robot.
    """
    robot, state = line["robot"], line["state"]
    robot_way = {"steps": _steps(_ROBOT_STEPS, robot, SENT), "rank": robot_rank(robot)}
    is_unheard = line["muted"] and state in _HEARD
    steps = _steps(_SPEECH_STEPS, state, line["reached"])
    return line | {
        "shown": MUTED if is_unheard else state,
        "robot_way": robot_way if robot else None,
        "speech_way": {
            "steps": _muted(steps) if is_unheard else steps,
            "rank": speech_rank(state),
        },
    }


def _muted(steps: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return these steps with one that says that nobody hears it in place of the last ones."""
    is_over = steps[-1]["is"] == "done"
    before = [step for step in steps if step["name"] not in _HEARD]
    return [*before, {"name": MUTED, "is": "end" if is_over else "now"}]


def _steps(steps: tuple[str, ...], state: str, reached: str) -> list[dict[str, str]]:
    if state in steps:
        here = steps.index(state)
        return [{"name": name, "is": _step_state(at, here, name)} for at, name in enumerate(steps)]
    if state == "waiting":
        return [{"name": name, "is": "next"} for name in steps]
    before = steps[: steps.index(reached) + 1] if reached in steps else ()
    before = () if state == OFFLINE else before
    return [{"name": name, "is": "done"} for name in before] + [{"name": state, "is": "end"}]


def _step_state(at: int, here: int, name: str) -> str:
    if at < here or (at == here and name in _ENDS):
        return "done"
    return "now" if at == here else "next"
