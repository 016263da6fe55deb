"""What a request to the OpenAI speech API orders."""

from __future__ import annotations

from typing import Annotated, Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from ttsmirror.text import clean
from ttsmirror.wire.fields import LANG, fits
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS
from ttsmonitor.integrations.openai_speech.errors import ApiError
from ttsmonitor.integrations.openai_speech.formats import FORMATS

FAMILY_VOICES = (
    *("alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx"),
    *("sage", "shimmer", "verse", "default"),
)
"""Names of OpenAI's voices, which programs offer: the voice that is chosen here speaks for them."""
SPEEDS = (0.25, 4.0)


def _voice_name(value: Any) -> Any:
    """Return the name of a voice, which may come as an object with an id."""
    return value.get("id") if isinstance(value, dict) else value


class Order(BaseModel):
    """A text, and how it should sound. Fields that are not named here are ignored."""

    input: str
    voice: Annotated[str, BeforeValidator(_voice_name)] = "default"
    response_format: str = "mp3"
    speed: Annotated[float, Field(ge=SPEEDS[0], le=SPEEDS[1])] = 1.0
    stream_format: str = "audio"
    lang: str = ""
    """Ours: the language of the text (BCP 47); empty: it is recognized."""
    speaker: Annotated[int, Field(ge=0)] | None = None
    """Ours: the number of the speaker, for a voice with several."""

    @property
    def voice_name(self) -> str:
        """The voice that is meant; empty: the one that is chosen here."""
        return "" if self.voice in FAMILY_VOICES else self.voice


def read_order(body: bytes) -> Order:
    """Return the order in a body. Raises ApiError."""
    try:
        order = Order.model_validate_json(body)
    except ValidationError as exc:
        place = exc.errors()[0]["loc"]
        if not place:
            raise ApiError(_("Send a JSON object."), code="invalid_json") from exc
        field = str(place[0])
        detail = _("{field} is missing or not valid.").format(field=field)
        raise ApiError(detail, field, code="bad_request") from exc
    text = clean(order.input.strip())
    if not text:
        raise ApiError(_("There is nothing to say yet."), "input", code="empty_text")
    if len(text) > UTTERANCE_CHARACTERS:
        detail = _("That is too long: {limit} characters at most.")
        detail = detail.format(limit=UTTERANCE_CHARACTERS)
        raise ApiError(detail, "input", code="text_too_long")
    if order.response_format not in FORMATS:
        raise _not_one_of("response_format", FORMATS)
    if order.stream_format != "audio":
        raise _not_one_of("stream_format", ["audio"])
    if order.lang and not fits(order.lang, LANG):
        detail = _("{lang} is not a language.").format(lang=order.lang)
        raise ApiError(detail, "lang", code="bad_request")
    return order.model_copy(update={"input": text})


def _not_one_of(field: str, choices: Any) -> ApiError:
    detail = _("{field} must be one of: {choices}.")
    detail = detail.format(field=field, choices=", ".join(choices))
    return ApiError(detail, field, code="bad_request")
