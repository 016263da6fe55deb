"""The monitor's API as an OpenAPI document."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ttsmirror.models import Utterance
from ttsmirror.wire.control import CONTROL_ACTIONS
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS
from ttsmirror.wire.options import PRIORITIES
from ttsmonitor.history import pagination, series
from ttsmonitor.web.labels import SPEAKER_STATES
from ttsmonitor.web.openapi import (
    Part,
    counts,
    document,
    fields,
    flag,
    identity,
    items,
    maybe,
    moment,
    number,
    path_parameter,
    query,
    read,
    ref,
    text,
    whole,
    write,
)

DAY = 86_400
UTTERANCE = "1a9d4758-572a-4f7e-8e76-a7b515721e85"


def monitor() -> Part:
    """The document of :8787."""
    about = _("What is said, what waits, what was said; and ways to have something said.")
    schemas = {
        "Utterance": _utterance(),
        "Status": _status(),
        "Queue": fields({"size": whole(_("How many wait.")), "queue": items(ref("Utterance"))}),
        "Stats": _stats(),
        "Series": _series(),
        "BrokerCounts": _broker_counts(),
        "History": _history(),
        "Control": _control(),
        "Controlled": fields({"ok": flag(), "status": ref("Status")}),
        "Say": _say(),
        "Said": fields({
            "id": identity(_("Names it in the history and on moxie/tts/status.")),
            "detail": text(_("A sentence where the broker is away just now; else empty.")),
        }),
    }  # fmt: skip
    return document(_("Moxie: the live monitor"), about, _paths(), schemas)


def _paths() -> Part:
    return {
        "/api/status": {
            "get": read("status", _("The speaker's state, and what it says"), "Status")
        },
        "/api/queue": {"get": read("queue", _("What waits, the next one first"), "Queue")},
        "/api/stats": {"get": read("stats", _("Numbers about the history"), "Stats")},
        "/api/stats/series": {
            "get": read(
                "series", _("Numbers by hour or by day"), "Series", parameters=_series_parameters()
            )
        },
        "/api/stats/broker": {
            "get": read("broker", _("What the broker counts itself"), "BrokerCounts")
        },
        "/api/history": {
            "get": read(
                "history", _("What was said, newest first"), "History", parameters=_filters()
            )
        },
        "/api/utterances/{utterance_id}/audio": {"get": _sound()},
        "/api/control": {
            "post": write(
                "control",
                _("Interrupt, skip, pause and the like, as on moxie/tts/control"),
                "Controlled",
                body="Control",
                example={"action": "pause"},
                errors=["not_found", "not_waiting"],
            )
        },
        "/api/say": {
            "post": write(
                "say",
                _("Have a sentence spoken, on the way of everything that is said"),
                "Said",
                body="Say",
                example={"text": "La cena está lista", "mood": "happy"},
                status=202,
            )
        },
    }


def _sound() -> Part:
    sound = read(
        "audio",
        _("The sound of an utterance, made on demand"),
        "Utterance",
        parameters=[path_parameter("utterance_id", _("Its id."), UTTERANCE)],
        errors=["not_found"],
    )
    content = {"audio/wav": {"schema": {"type": "string", "contentMediaType": "audio/wav"}}}
    sound["responses"]["200"] = {"description": _("A WAV file."), "content": content}
    return sound


def _filters() -> list[Part]:
    most = {
        "type": "integer",
        "minimum": 1,
        "maximum": pagination.MAX_LIMIT,
        "default": pagination.DEFAULT_LIMIT,
    }
    return [
        query("limit", _("How many at most."), most),
        query("before", _("The next of the page before it.")),
        query("q", _("Words in the text.")),
        query("source", _("Where it came from, as in puppet_mode.")),
        query("device_id", _("The robot it belongs to.")),
        query("status", _("What became of it."), {"type": "string", "enum": _statuses()}),
        query("day", _("The day, as in 2026-01-31."), {"type": "string", "format": "date"}),
    ]


def _series_parameters() -> list[Part]:
    count = {"type": "integer", "minimum": 1, "maximum": max(series.MAX_COUNT.values())}
    by = {"type": "string", "enum": list(series.MAX_COUNT), "default": "hour"}
    limits = _("How many: {hours} hours or {days} days at most.")
    zone = _("The time zone in which days begin, as in Europe/Madrid; else the computer's.")
    return [
        query("by", _("hour or day."), by),
        query(
            "count",
            limits.format(hours=series.MAX_COUNT["hour"], days=series.MAX_COUNT["day"]),
            count,
        ),
        query("zone", zone),
    ]


def _utterance() -> Part:
    return fields({
        "id": identity(),
        "text": text(),
        "source": text(_("Where it came from, as in puppet_mode.")),
        "device_id": text(_("The robot it belongs to.")),
        "lang": text(_("Its language, as in es or en-GB.")),
        "voice": text(_("The voice that was asked for.")),
        "mood": text(),
        "intensity": maybe(number(minimum=0, maximum=1)),
        "priority": text(enum=list(PRIORITIES)),
        "status": text(_("What became of it."), enum=_statuses()),
        "error": text(_("Why it was not spoken.")),
        "published_at": moment(_("When whoever said it handed it over.")),
        "received_at": moment(_("When it arrived here.")),
        "started_at": maybe(moment(_("When its first sound was heard."))),
        "finished_at": maybe(moment()),
        "first_audio_ms": maybe(number(_("Milliseconds from its arrival to its first sound."))),
        "audio_seconds": maybe(number(_("Seconds of sound."))),
        "engine": text(_("What spoke it.")),
    })  # fmt: skip


def _status() -> Part:
    broker = fields({
        "connected": flag(),
        "address": text(),
        "error": text(_("Why it is not connected.")),
        "since": maybe(moment()),
    })  # fmt: skip
    return fields(
        {
            "status": text(_("What the speaker does."), enum=list(SPEAKER_STATES)),
            "current": maybe(ref("Utterance")),
            "current_text": text(_("What is said now.")),
            "queue_size": whole(_("How many wait.")),
            "volume": number(minimum=0, maximum=1),
            "muted": flag(),
            "paused": flag(),
            "engine": text(_("What speaks.")),
            "voice": text(),
            "output": text(_("Where the sound goes.")),
            "cache": maybe(fields({"hits": whole(), "misses": whole()})),
            "broker": broker,
            "started_at": maybe(moment()),
            "version": text(),
            "timestamp": moment(),
        },
        optional=["cache"],
    )


def _first_audio() -> Part:
    return fields(
        {"count": whole(), "p50": maybe(number()), "p95": maybe(number())},
        about=_("Milliseconds from arrival to first sound: median, and 95 of 100."),
    )


def _stats() -> Part:
    return fields({
        "total": whole(),
        "by_status": counts(),
        "by_source": counts(),
        "characters": whole(),
        "audio_seconds": number(_("Seconds of sound.")),
        "today": whole(),
        "last_hour": whole(),
        "first_audio_ms": _first_audio(),
    })  # fmt: skip


def _series() -> Part:
    bucket = fields({
        "start": moment(),
        "count": whole(),
        "by_source": counts(),
        "by_status": counts(),
        "characters": whole(),
        "audio_seconds": number(_("Seconds of sound.")),
        "first_audio_ms": _first_audio(),
    })  # fmt: skip
    return fields({
        "by": text(enum=list(series.MAX_COUNT)),
        "zone": text(),
        "until": moment(),
        "buckets": items(bucket, _("Oldest first; an hour or a day each.")),
    })  # fmt: skip


def _broker_counts() -> Part:
    rate = fields({"at": moment(), "received": number(), "sent": number()})
    names = (
        "clients", "messages_received", "messages_sent", "messages_dropped", "retained",
        "bytes_received", "bytes_sent", "uptime_seconds",
    )  # fmt: skip
    return fields({
        "available": flag(_("It tells them, and did so just now.")),
        "detail": text(_("Why there are none.")),
        "version": text(),
        "heard_at": maybe(moment()),
        **{name: maybe(whole()) for name in names},
        "rates": items(rate, _("Messages a minute in the last hour, oldest first.")),
    })  # fmt: skip


def _history() -> Part:
    following = text(_("The before of the page after this one; null: this is the last."))
    return fields({"utterances": items(ref("Utterance")), "next": maybe(following)})


def _control() -> Part:
    return fields(
        {
            "action": text(enum=list(CONTROL_ACTIONS)),
            "device_id": text(_("Only what belongs to this robot.")),
            "value": number(_("The volume."), minimum=0, maximum=1),
            "id": identity(_("What to replay, to remove or to move.")),
            "before": maybe(identity(_("Before which one it is moved; null: to the end."))),
        },
        optional=["device_id", "value", "id", "before"],
    )


def _say() -> Part:
    said = {
        "text": text(minLength=1, maxLength=UTTERANCE_CHARACTERS),
        "source": text(_("Where it comes from, in the history."), default="system"),
        "device_id": text(_("The robot it belongs to.")),
        "lang": text(_("Its language, as in es or en-GB.")),
        "voice": text(_("An installed voice, or espeak.")),
        "mood": text(_("As in happy: it changes pace and loudness a little.")),
        "intensity": maybe(number(_("Of the mood."), minimum=0, maximum=1)),
        "priority": text(_("high goes before everything that waits."), enum=list(PRIORITIES)),
        "ttl": maybe(
            number(_("Seconds after which it is not spoken any more."), minimum=0, maximum=7 * DAY)
        ),
        "id": identity(_("Of your own: what comes twice is spoken once.")),
    }
    return fields(said, optional=[name for name in said if name != "text"])


def _statuses() -> list[str]:
    return [str(value) for value in Utterance.Status.values]
