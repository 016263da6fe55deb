"""The types of the hive's API: what it answers, and what it is sent."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_noop as _
from ninja import P, PathEx
from pydantic import AfterValidator, BeforeValidator, Field, Strict

from hive.models import FAVOURITE_CHARACTERS, Approval
from hive.mqtt.admission import ALLOWED
from ttsmirror.text import clean
from ttsmirror.wire.fields import LANG, SLUG
from ttsmonitor.web.api import (
    Body,
    Identity,
    Moment,
    OneOf,
    Part,
    ReasonOrNull,
    Share,
    SpeechText,
    refused,
)
from ttsmonitor.web.labels import MOODS

SPEECH_CHARACTERS = 1_000
NAME_CHARACTERS = 100
"""As the column has."""
COMMANDS = ("prompt", "continue", "reprompt")
ROBOT = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
VISIT = "page_0123456789abcdef"


DeviceId = PathEx[str, P(description=_("The robot's id."), example=ROBOT)]
Mood = Annotated[
    str,
    OneOf(MOODS),
    refused("unknown_mood", _("mood must be one of: {choices}."), choices=", ".join(MOODS)),
]
Intensity = Annotated[
    float,
    Strict(),
    Field(ge=0, le=1),
    refused("invalid_intensity", _("intensity: give a number from 0 to 1.")),
]
Lang = Annotated[
    str,
    Field(pattern=f"^({LANG.pattern})?$", max_length=32),
    refused("invalid_lang", _("lang: give a language such as es or en-GB.")),
]
Voice = Annotated[
    str,
    Field(pattern=f"^({SLUG.pattern})?$", max_length=64),
    refused("invalid_voice", _("voice: give the name of an installed voice.")),
]
Presence = Annotated[str, OneOf(("online", "offline"))]


class Robot(Part):
    """A robot and its state."""

    device_id: str
    name: str = Field(description=_("The nickname, else the id."))
    nickname: str
    approval: Annotated[str, OneOf(Approval.values)] = Field(
        description=_("Whether it was let in, waits for that, or was refused.")
    )
    online: bool
    last_seen: Moment | None
    puppet_mode: bool = Field(description=_("Puppet Mode is started."))
    puppet_state: str = Field(description=_("Its state, as reported by the robot."))
    battery: float | None = Field(description=_("Charge, as reported by the robot."))
    awake: bool | None = Field(description=_("Whether it is awake, as reported by the robot."))
    connected_at: Moment | None


class Robots(Part):
    """All known robots."""

    robots: list[Robot]


class Admission(Part):
    """How new robots are let in, and how many wait."""

    mode: Annotated[str, OneOf(ALLOWED)] = Field(
        description=_("`ask`: a person lets new robots in; else they are let in without asking.")
    )
    open_until: Moment | None = Field(description=_("When new robots have to wait again."))
    waiting: int = Field(description=_("The number of robots that wait for approval."))
    most_waiting: int = Field(description=_("How many may wait; further ones are turned away."))
    turned_away: int = Field(
        description=_("The number of robots that were turned away since the start.")
    )


class AllowNew(Body):
    """The switch that lets new robots in for a minute."""

    enabled: Annotated[
        bool, Strict(), refused("invalid_enabled", _("enabled: give true or false."))
    ] = Field(description=_("true lets new robots in for a minute, false ends that."))


class Name(Body):
    """A name of a robot."""

    name: Annotated[
        str,
        Strict(),
        AfterValidator(lambda name: clean(name).strip()),
        Field(max_length=NAME_CHARACTERS),
        refused(
            "invalid_name",
            _("name: give at most {limit} characters."),
            limit=NAME_CHARACTERS,
        ),
    ]


class Speak(Body):
    """Something to say with a mood."""

    text: SpeechText
    mood: Mood = "neutral"
    intensity: Intensity = 0.5
    lang: Lang = Field("", description=_("Its language, such as es or en-GB; empty: recognized."))
    voice: Voice = Field("", description=_("The loudspeaker's voice; empty: the default one."))


class Step(Part):
    """A step of a delivery."""

    name: str
    is_: Annotated[str, OneOf(("done", "now", "next", "end"))] = Field(alias="is")


class Delivery(Part):
    """The steps of a delivery, to the robot or to the loudspeaker."""

    steps: list[Step]
    rank: int = Field(description=_("Higher than that of every earlier state."))


class Line(Part):
    """A line of Puppet Mode and its delivery."""

    id: Identity
    device_id: str
    text: str
    mood: str
    intensity: float | None
    lang: str
    voice: str
    muted: bool = Field(description=_("It was played while the sound was off."))
    shown: str = Field(description=_("Its state, or `muted` if it was played and not heard."))
    state: str = Field(description=_("Its state, such as sent, queued or spoken."))
    reached: str = Field(description=_("The last state before it ended."))
    error: str = Field(description=_("Why it was not spoken."))
    reason: ReasonOrNull = None
    robot: str = Field(
        description=_("The state at the robot, such as sent or said; empty: unknown.")
    )
    robot_error: str = Field(description=_("Why the robot did not say it."))
    at: Moment
    robot_way: Delivery | None
    speech_way: Delivery


class SpokenAloud(Part):
    """The receipt of something said by the loudspeaker alone."""

    id: Identity = Field(
        description=_("Id of the sentence in the history and on moxie/tts/status.")
    )
    detail: str = Field(description=_("A sentence if something is missing; else empty."))
    line: Line


class Spoken(Part):
    """The receipt of something said through a robot."""

    id: Identity = Field(
        description=_("Id of the sentence in the history and on moxie/tts/status.")
    )
    robot: Presence
    detail: str = Field(description=_("A sentence if something is missing; else empty."))
    line: Line


class Sent(Part):
    """The receipt of a command to a robot."""

    robot: Presence
    detail: str


class Stopped(Part):
    """The receipt of an interruption."""

    detail: str


class Puppet(Body):
    """The switch of Puppet Mode."""

    enabled: Annotated[
        bool, Strict(), refused("invalid_enabled", _("enabled: give true or false."))
    ] = Field(description=_("true starts Puppet Mode, false stops it."))


class Phrase(Part):
    """A phrase that is kept."""

    text: Annotated[str, Field(min_length=1, max_length=FAVOURITE_CHARACTERS)]
    mood: Annotated[str, OneOf(MOODS)]
    intensity: Share


class Favourites(Part):
    """The phrases that are kept."""

    favourites: list[Phrase] = Field(description=_("Newest first."))


class Favourite(Speak):
    """A phrase to be kept or forgotten."""

    text: SpeechText = Field(json_schema_extra={"maxLength": FAVOURITE_CHARACTERS})
    kept: Annotated[bool, Strict(), refused("invalid_kept", _("kept: give true or false."))] = (
        Field(True, description=_("false deletes it."))
    )


class Words(Body):
    """The words of the child, or a command to go on."""

    text: Annotated[
        str,
        Strict(),
        Field(max_length=SPEECH_CHARACTERS),
        refused(
            "text_too_long",
            _("That is too long: {limit} characters at most."),
            limit=SPEECH_CHARACTERS,
        ),
        BeforeValidator(lambda value: clean(value) if isinstance(value, str) else value or ""),
    ] = Field("", description=_("What the child says."))
    command: Annotated[
        Annotated[str, OneOf(COMMANDS)] | None,
        refused(
            "unknown_command", _("command must be one of: {choices}."), choices=", ".join(COMMANDS)
        ),
        BeforeValidator(lambda value: value or None),
    ] = Field(None, description=_("`prompt` starts the conversation."))
    module: Annotated[
        Annotated[int, Strict()] | None,
        refused("unknown_module", _("There is no such conversation module.")),
    ] = Field(None, description=_("The number of a conversation module."))


class ChatLine(Part):
    """A line of a conversation."""

    id: str
    who: Annotated[str, OneOf(("child", "moxie"))]
    text: str
    note: str = Field(description=_("How the answer was made."))
    state: str
    error: str = Field("", description=_("Why it was not spoken."))
    reason: ReasonOrNull = None
    at: Moment


class ChatLines(Part):
    """A conversation."""

    lines: list[ChatLine] = Field(description=_("Oldest first."))


class Heard(Part):
    """The line that was said, if any."""

    line: ChatLine | None
