"""The guide's part of the API: what is done, and the first sentence."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_noop
from ninja import P, PathEx
from pydantic import Field

from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmonitor.models import Scope, SetupGuide
from ttsmonitor.models.setup_guide import STEPS
from ttsmonitor.monitor import guide_state, schemas
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import Body, Identity, JsonRouter, OneOf, Part, refused

SOURCE = "setup"

router = JsonRouter()


class GuideState(Part):
    """The state of the guide."""

    done: list[Annotated[str, OneOf(STEPS)]] = Field(
        description=gettext_noop("The steps that are done.")
    )
    broker: bool = Field(description=gettext_noop("The speech service is at the broker."))
    hive: bool = Field(description=gettext_noop("A hive is at the broker."))
    openmoxie: bool = Field(description=gettext_noop("An OpenMoxie with the mirror is at it."))


class Hello(Body):
    """The language of the first sentence."""

    lang: Annotated[
        str,
        OneOf(guide_state.HELLO),
        refused("invalid_lang", gettext_noop("lang: give es or en.")),
    ] = "es"


class SaidHello(Part):
    """The receipt of the first sentence."""

    id: Identity


class Obstacle(Part):
    """An obstacle to hearing a sentence, and the control or page that mends it."""

    text: str
    action: str = Field(description=gettext_noop("A control that mends it; empty if none does."))
    value: float | None = Field(description=gettext_noop("The control's value."))
    label: str = Field(description=gettext_noop("What to call that, or the page."))
    url: str = Field(description=gettext_noop("The page where it is mended; empty if none."))


class HelloState(Part):
    """How far the first sentence came."""

    status: Annotated[str, OneOf([guide_state.SENT, *schemas.OUTCOMES])] = Field(
        description=gettext_noop("Its outcome; sent: it has not arrived yet.")
    )
    obstacles: list[Obstacle]


@router.read("/setup", GuideState, gettext_noop("The state of the guide"))
@needs(Scope.ADMIN)
def setup(request: HttpRequest) -> dict[str, Any]:
    """Return the steps that are done, and who is at the broker."""
    return {"done": guide_state.done(SetupGuide.load())} | guide_state.seen()


@router.write(
    "/setup/hello",
    {202: SaidHello},
    gettext_noop("Speak the guide's sentence"),
    example={"lang": "es"},
)
@needs(Scope.ADMIN)
def hello(request: HttpRequest, hello: Hello) -> dict[str, Any]:
    """Publish the first sentence, as a robot's words are published."""
    utterance_id = uuid.uuid4()
    get_tts_mirror().publish_text(
        guide_state.HELLO[hello.lang],
        source=SOURCE,
        utterance_id=utterance_id,
        lang=hello.lang,
        priority="high",
    )
    return {"id": str(utterance_id)}


@router.read(
    "/setup/hello/{uuid:utterance_id}",
    HelloState,
    gettext_noop("Whether the guide's sentence was heard"),
)
@needs(Scope.ADMIN)
def hello_state(
    request: HttpRequest,
    utterance_id: PathEx[
        uuid.UUID, P(description=gettext_noop("Its id."), example=schemas.EXAMPLE_ID)
    ],
) -> dict[str, Any]:
    """Return how far the first sentence came."""
    return guide_state.first_sentence(utterance_id)
