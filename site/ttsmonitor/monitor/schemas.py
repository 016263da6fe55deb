"""The types of the monitor's API: what it answers, and what it is sent."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from pydantic import Field, WithJsonSchema, model_validator

from ttsmirror.models import Utterance as Row
from ttsmirror.wire.control import CONTROL_ACTIONS
from ttsmirror.wire.fields import dump
from ttsmirror.wire.messages import parse_chunk
from ttsmirror.wire.options import PRIORITIES, WEEK_SECONDS
from ttsmonitor.history import pagination, series
from ttsmonitor.web.api import (
    Body,
    Identity,
    Moment,
    OneOf,
    Part,
    ReasonOrNull,
    Share,
    SpeechText,
)
from ttsmonitor.web.jsonapi import InvalidRequestError
from ttsmonitor.web.labels import SPEAKER_STATES

EXAMPLE_ID = "1a9d4758-572a-4f7e-8e76-a7b515721e85"

OUTCOMES = [str(value) for value in Row.Status.values]

Outcome = Annotated[str, OneOf(OUTCOMES)]
Priority = Annotated[str, OneOf(PRIORITIES)]
Interval = Annotated[str, OneOf(series.MAX_COUNT)]
Parameter = Annotated[str | None, WithJsonSchema({"type": "string"})]
"""A query parameter that may be left out."""


class Utterance(Part):
    """An utterance of the history."""

    id: Identity
    text: str
    translation: str = Field(description=_("The words that were spoken, if translated."))
    source: str = Field(description=_("Its source, such as puppet_mode."))
    device_id: str = Field(description=_("The robot that it belongs to."))
    robot: str = Field(description=_("What this robot is called."))
    lang: str = Field(description=_("Its language, such as es or en-GB."))
    voice: str = Field(description=_("The requested voice."))
    mood: str
    intensity: Share | None
    priority: Priority
    status: Outcome = Field(description=_("Its outcome."))
    error: str = Field(description=_("Why it was not spoken."))
    reason: ReasonOrNull = None
    published_at: Moment = Field(description=_("When it was published."))
    received_at: Moment = Field(description=_("When it arrived here."))
    started_at: Moment | None = Field(description=_("When its first sound was heard."))
    finished_at: Moment | None
    waiting_ms: float | None = Field(
        description=_("Milliseconds from its arrival until its turn came.")
    )
    first_audio_ms: float | None = Field(
        description=_("Milliseconds from its turn to its first sound.")
    )
    audio_seconds: float | None = Field(description=_("Seconds of sound."))
    engine: str = Field(description=_("The engine that spoke it."))
    robot_confirmed: bool | None = Field(
        description=_("Whether its robot told that it said this; null where nothing is known.")
    )


class CacheUse(Part):
    """How often a sound was found in the cache."""

    hits: int
    misses: int


class BrokerLink(Part):
    """The connection to the broker."""

    connected: bool
    address: str
    error: str = Field(description=_("Why it is not connected."))
    since: Moment | None


class Status(Part):
    """The state of the speech service."""

    status: Annotated[str, OneOf(SPEAKER_STATES)] = Field(
        description=_("The state of the speech service.")
    )
    current: Utterance | None
    current_text: str = Field(description=_("The text being spoken."))
    queue_size: int = Field(description=_("The number of waiting sentences."))
    volume: Share
    muted: bool
    paused: bool
    engine: str = Field(description=_("The engine that speaks."))
    voice: str
    next_voice: str = Field(description=_("The engine and voice that speak the next sentence."))
    voice_missing: bool = Field(
        default=False, description=_("A voice chosen in the settings is not installed.")
    )
    cache: CacheUse | None = None
    output: str = Field(description=_("The audio output."))
    audience: bool = Field(description=_("Somebody can hear what is said."))
    broker: BrokerLink
    started_at: Moment | None
    version: str
    timestamp: Moment


class Queue(Part):
    """The utterances that wait."""

    size: int = Field(description=_("The number of waiting sentences."))
    queue: list[Utterance]


class Percentiles(Part):
    """Median and 95th percentile of a time."""

    count: int
    p50: float | None
    p95: float | None


WaitingMs = Annotated[
    Percentiles,
    Field(description=_("Milliseconds from arrival to its turn: median and p95.")),
]
FirstAudioMs = Annotated[
    Percentiles,
    Field(description=_("Milliseconds from its turn to first sound: median and p95.")),
]
AudioSeconds = Annotated[float, Field(description=_("Seconds of sound."))]


class Stats(Part):
    """Totals of the history."""

    total: int
    by_status: dict[str, int]
    by_source: dict[str, int]
    characters: int
    audio_seconds: AudioSeconds
    today: int
    last_hour: int
    waiting_ms: WaitingMs
    first_audio_ms: FirstAudioMs


class Bucket(Part):
    """An hour or a day of a series."""

    start: Moment
    count: int
    by_source: dict[str, int]
    by_status: dict[str, int]
    characters: int
    audio_seconds: AudioSeconds
    waiting_ms: WaitingMs
    first_audio_ms: FirstAudioMs


class Series(Part):
    """Numbers over time."""

    by: Interval
    zone: str
    until: Moment
    buckets: list[Bucket] = Field(description=_("Oldest first; one entry per hour or day."))


class Rate(Part):
    """Messages a minute."""

    at: Moment
    received: float
    sent: float


class BrokerCounts(Part):
    """The broker's own counts."""

    available: bool = Field(description=_("Whether the broker publishes statistics."))
    detail: str = Field(description=_("Why there are no statistics."))
    reason: ReasonOrNull = None
    version: str
    heard_at: Moment | None
    clients: int | None
    messages_received: int | None
    messages_sent: int | None
    messages_dropped: int | None
    retained: int | None
    bytes_received: int | None
    bytes_sent: int | None
    uptime_seconds: int | None
    rates: list[Rate] = Field(description=_("Messages a minute in the last hour, oldest first."))


class History(Part):
    """A page of the history."""

    utterances: list[Utterance]
    next: str | None = Field(description=_("The before of the next page; null on the last page."))


class HistoryQuery(Part):
    """The parameters of the history; Filters and pagination check them, as for the page."""

    limit: Annotated[
        str | None,
        WithJsonSchema(
            {
                "type": "integer",
                "minimum": 1,
                "maximum": pagination.MAX_LIMIT,
                "default": pagination.DEFAULT_LIMIT,
            }
        ),
    ] = Field(None, description=_("The maximum number."))
    before: Parameter = Field(None, description=_("The next of the page before it."))
    q: Parameter = Field(None, description=_("Words in the text."))
    source: Parameter = Field(None, description=_("Its source, such as puppet_mode."))
    device_id: Parameter = Field(None, description=_("The robot that it belongs to."))
    status: Annotated[str | None, WithJsonSchema({"type": "string", "enum": OUTCOMES})] = Field(
        None, description=_("Its outcome.")
    )
    day: Annotated[str | None, WithJsonSchema({"type": "string", "format": "date"})] = Field(
        None, description=_("The day, as in 2026-01-31.")
    )


class SeriesQuery(Part):
    """The parameters of a series; its view checks them."""

    by: Annotated[
        str | None,
        WithJsonSchema({"type": "string", "enum": list(series.MAX_COUNT), "default": "hour"}),
    ] = Field(None, description=_("hour or day."))
    count: Annotated[
        str | None,
        WithJsonSchema(
            {"type": "integer", "minimum": 1, "maximum": max(series.MAX_COUNT.values())}
        ),
    ] = Field(None, description=_("The number of periods: at most 168 hours or 92 days."))
    zone: Parameter = Field(
        None,
        description=_(
            "The time zone in which days begin, such as Europe/Madrid; default: the computer's."
        ),
    )


class Control(Body):
    """A control message; parse_control() reads it, as from moxie/tts/control."""

    action: Annotated[str, OneOf(CONTROL_ACTIONS)]
    device_id: str = Field("", description=_("Only for this robot."))
    value: Share | None = Field(None, description=_("The volume."))
    id: Identity | None = Field(None, description=_("The sentence to say again, remove or move."))
    before: Identity | None = Field(
        None, description=_("The sentence that it is moved before; null: the end of the queue.")
    )


class Controlled(Part):
    """The state after a control message."""

    ok: bool
    status: Status


class Say(Body):
    """An utterance to be spoken; its fields are those of a message on moxie/tts/text."""

    text: SpeechText
    source: str = Field("system", description=_("Its source in the history."))
    device_id: str = Field("", description=_("The robot that it belongs to."))
    lang: str = Field("", description=_("Its language, such as es or en-GB."))
    voice: str = Field("", description=_("An installed voice, or espeak."))
    mood: str = Field("", description=_("Such as happy; it changes pace and loudness a little."))
    intensity: Share | None = Field(None, description=_("Strength of the mood."))
    priority: Priority = Field(
        "normal", description=_("high is spoken before all waiting sentences.")
    )
    ttl: Annotated[float, Field(ge=0, le=WEEK_SECONDS)] | None = Field(
        None, description=_("Seconds after which it is not spoken any more.")
    )
    id: uuid.UUID | None = Field(
        None, description=_("An id chosen by the sender: a repeated request is spoken once.")
    )

    @model_validator(mode="before")
    @classmethod
    def read_as_message(cls, values: Any) -> Any:
        """Check the fields with the wire's own reader, whose sentences name what is wrong.

        Raises InvalidMessageError or InvalidRequestError.
        """
        if not isinstance(values, dict):
            return values
        # The text may be longer than one message; its own validator checks it.
        message = {name: values[name] for name in cls.model_fields if name in values}
        try:
            chunk = parse_chunk(dump(message | {"text": "."}))
        except UnicodeEncodeError as exc:  # half a surrogate pair
            raise InvalidRequestError("invalid_json", gettext("Send a JSON object.")) from exc
        read = {
            name: getattr(chunk, name) for name in cls.model_fields if name not in ("text", "id")
        }
        return read | {"text": values.get("text"), "id": chunk.utterance_id}


class Said(Part):
    """The receipt of an utterance."""

    id: Identity = Field(
        description=_("Id of the sentence in the history and on moxie/tts/status.")
    )
    detail: str = Field(description=_("A sentence if the broker is unavailable; else empty."))


class PronunciationBody(Body):
    """A word and how it is said; its model checks the values."""

    lang: str = Field("es", description=_("Its language, such as es or en-GB."))
    written: str = Field(description=_("A word or name, or several, as they are written."))
    said: str = Field("", description=_("How it is said, in letters of that language."))
    phonemes: str = Field("", description=_("The same in IPA, which Piper reads."))
    note: str = ""


class Pronunciation(Part):
    """An entry of the table of pronunciations."""

    id: int
    lang: str = Field(description=_("Its language, such as es or en-GB."))
    written: str = Field(description=_("A word or name, or several, as they are written."))
    said: str = Field(description=_("How it is said, in letters of that language."))
    phonemes: str = Field(description=_("The same in IPA, which Piper reads."))
    note: str
    changed_at: Moment


class Pronunciations(Part):
    """The table of pronunciations."""

    pronunciations: list[Pronunciation]


class PronunciationsQuery(Part):
    """The part of the table that is wanted."""

    lang: Parameter = Field(None, description=_("Its language, such as es or en-GB."))


class Pronounce(Body):
    """A text whose words and phonemes are wanted."""

    text: SpeechText
    lang: str = Field("", max_length=35, description=_("Its language, such as es or en-GB."))
    voice: str = Field("", max_length=100, description=_("An installed voice, or espeak."))
    play: bool = Field(False, description=_("Have it spoken aloud, too."))


class Pronounced(Part):
    """A text and how it is said."""

    text: str
    spoken: str = Field(description=_("The words that the voice reads; empty: nothing is said."))
    phonemes: str = Field(description=_("Their sounds in the International Phonetic Alphabet."))
    lang: str = Field(description=_("The language in which it is said."))
    voice: str = Field(description=_("Who says it: the engine and its voice."))
    id: Identity = Field("", description=_("Id of the sentence, if it is spoken aloud."))
