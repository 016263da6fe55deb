"""Tables of the mirror: utterances with their chunks, and the publisher's outbox.

The table names are those of the first versions, in which these models were part of another app.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Value, When
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ttsmirror.reasons import Reason, as_json
from ttsmirror.text import shorten
from ttsmirror.wire.messages import Chunk
from ttsmirror.wire.options import OPTION_NAMES, SpeechOptions

if TYPE_CHECKING:
    from typing import Self  # Python 3.10 has none


OPTION_COLUMNS = {name: name for name in OPTION_NAMES} | {"ttl": "ttl_seconds"}
"""The columns of the speech options."""
UNKNOWN_TOTAL = 0
"""`total_chunks` of an utterance that is still being made."""
BY_TURN = (Coalesce("rank", "urgent").desc(), Coalesce("turn", "received_at"))
"""Queue order: urgent utterances first, by arrival; a position set by a user takes precedence."""


class UtteranceQuerySet(models.QuerySet["Utterance"]):
    """Queries for the history and the queue."""

    def recent(self) -> Self:
        """Order newest first."""
        return self.order_by("-received_at")

    def waiting(self) -> Self:
        """Filter queued utterances, in the order in which they will be spoken."""
        return self.filter(status=Utterance.Status.QUEUED).order_by(*BY_TURN)

    def speakable_now(self) -> Self:
        """Filter waiting utterances without an unfinished earlier one of the same robot."""
        earlier = Utterance.objects.filter(
            status=Utterance.Status.RECEIVING,
            device_id=models.OuterRef("device_id"),
            received_at__lt=models.OuterRef("received_at"),
        )
        return self.waiting().exclude(models.Exists(earlier))

    def receiving(self) -> Self:
        """Filter utterances with missing chunks."""
        return self.filter(status=Utterance.Status.RECEIVING)

    def unspoken(self) -> Self:
        """Filter utterances that are still to be spoken."""
        return self.filter(status__in=(Utterance.Status.QUEUED, Utterance.Status.RECEIVING))

    def finished(self) -> Self:
        """Filter utterances with a known outcome."""
        return self.exclude(status__in=Utterance.UNFINISHED)

    def unfinished(self) -> Self:
        """Filter utterances without an outcome; they are few."""
        return self.filter(status__in=Utterance.UNFINISHED)

    def spoken(self) -> Self:
        """Filter utterances that were spoken to their end."""
        return self.filter(status=Utterance.Status.SPOKEN)

    def of_device(self, device_id: str) -> Self:
        """Filter utterances of one robot; an empty id means all."""
        return self.filter(device_id=device_id) if device_id else self.all()

    def older_than(self, days: float) -> Self:
        """Filter finished utterances received more than `days` ago."""
        limit = timezone.now() - timedelta(days=days)
        return self.filter(received_at__lt=limit).finished()

    def first_to_go(self, count: int, default_ttl_seconds: float) -> Self:
        """Filter the `count` waiting utterances that are missed least.

        First those too old to be spoken, then normal ones from the oldest on, last those of high
        priority.
        """
        chosen = (
            self._aged(default_ttl_seconds)
            .annotate(is_fresh=Case(When(age__lte=F("ttl"), then=Value(1)), default=Value(0)))
            .order_by("is_fresh", "urgent", "received_at")[:count]
        )
        return self.filter(status=Utterance.Status.QUEUED, pk__in=chosen.values("pk"))

    def stale(self, default_ttl_seconds: float) -> Self:
        """Filter waiting utterances that are too old to be spoken."""
        aged = self._aged(default_ttl_seconds).filter(age__gt=F("ttl"))
        return self.filter(status=Utterance.Status.QUEUED, pk__in=aged.order_by().values("pk"))

    def _aged(self, default_ttl_seconds: float) -> Self:
        """Annotate waiting utterances with their `age` and their time to live, `ttl`."""
        age = Value(timezone.now(), models.DateTimeField()) - Least("published_at", "received_at")
        ttl = Coalesce("ttl_seconds", Value(default_ttl_seconds)) * timedelta(seconds=1)
        return (
            self.waiting()
            .annotate(age=ExpressionWrapper(age, models.DurationField()))
            .annotate(ttl=ExpressionWrapper(ttl, models.DurationField()))
        )

    def drop(self, outcome: str, reason: str) -> list[Utterance]:
        """End these utterances unspoken; return them by arrival."""
        ended = {"status": outcome, "error": str(reason), "finished_at": timezone.now()}
        self.update(**ended, reason=as_json(reason))
        return list(Utterance.objects.filter(**ended).order_by("received_at"))

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete from the outbox as well.

        A publisher that missed the confirmation would send them again.
        """
        keys = list(self.values_list("pk", flat=True))
        OutboxEntry.objects.filter(pk__in=keys).delete()
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def move(self, before: str, after: str, **values: Any) -> int:
        """Move those in status `before` to `after` (compare and set); return how many."""
        return self.filter(status=before).update(status=after, **values)


class Utterance(models.Model):
    """Something the robot said, from its arrival to its outcome."""

    class Status(models.TextChoices):
        """States of an utterance; all but the first three are outcomes."""

        RECEIVING = "receiving", _("receiving")
        QUEUED = "queued", _("queued")
        PLAYING = "playing", _("playing")
        SPOKEN = "spoken", _("spoken")
        INTERRUPTED = "interrupted", _("interrupted")
        SKIPPED = "skipped", _("skipped")
        EXPIRED = "expired", _("expired")
        FAILED = "failed", _("failed")

    class Priority(models.TextChoices):
        """`high` is spoken before `normal`."""

        NORMAL = "normal", _("normal")
        HIGH = "high", _("high")

    UNFINISHED: ClassVar = (Status.RECEIVING, Status.QUEUED, Status.PLAYING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    text = models.TextField(_("text"))
    translation = models.TextField(_("translation"), blank=True, default="")
    """The words that were spoken, if they are a translation of `text`."""
    source = models.CharField(_("source"), max_length=64)
    device_id = models.CharField(_("robot"), max_length=128, blank=True)
    lang = models.CharField(_("language"), max_length=32, blank=True)
    voice = models.CharField(_("voice"), max_length=64, blank=True)
    mood = models.CharField(_("mood"), max_length=64, blank=True)
    intensity = models.FloatField(_("intensity"), null=True, blank=True)
    priority = models.CharField(
        _("priority"), max_length=8, choices=Priority.choices, default=Priority.NORMAL
    )
    urgent = models.GeneratedField(
        expression=models.Case(
            models.When(priority="high", then=models.Value(1)), default=models.Value(0)
        ),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )
    rank = models.PositiveSmallIntegerField(null=True, editable=False)
    turn = models.DateTimeField(null=True, editable=False)
    """`rank` and `turn` replace `urgent` and `received_at` in the queue after a move."""
    ttl_seconds = models.FloatField(_("time to live (s)"), null=True, blank=True)
    total_chunks = models.PositiveIntegerField(_("chunks"), default=1)
    status = models.CharField(
        _("status"), max_length=16, choices=Status.choices, default=Status.RECEIVING
    )
    error = models.TextField(_("error"), blank=True)
    """Why it was not spoken, in English; set it by `failure`."""
    reason = models.JSONField(null=True, editable=False)
    """The same as Reason.as_json(); None in rows of earlier versions."""
    published_at = models.DateTimeField(_("published"))
    received_at = models.DateTimeField(_("received"))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    waiting_ms = models.FloatField(_("time in the queue (ms)"), null=True, blank=True)
    """From its arrival until its turn came: it was the next and the speaker was free."""
    first_audio_ms = models.FloatField(_("time to first audio (ms)"), null=True, blank=True)
    """From its turn to its first sound. Rows without `waiting_ms` have the sum of the two."""
    audio_seconds = models.FloatField(_("length (s)"), null=True, blank=True)
    engine = models.CharField(_("engine"), max_length=128, blank=True)
    robot_confirmed = models.BooleanField(_("said by the robot"), null=True)
    """The robot reported that it said this. False: it did not report it in time; None: unknown."""

    objects = UtteranceQuerySet.as_manager()

    class Meta:
        db_table = "ttsmonitor_utterance"
        verbose_name = _("utterance")
        verbose_name_plural = _("utterances")
        ordering: ClassVar = ["-received_at"]
        get_latest_by = "received_at"
        indexes: ClassVar = [
            models.Index(fields=["-received_at"], name="utterance_received"),
            models.Index("status", *BY_TURN, name="utterance_turn"),
            models.Index(fields=["device_id", "-received_at"], name="utterance_device"),
            models.Index(fields=["source", "-received_at"], name="utterance_source"),
            models.Index(fields=["status", "-received_at"], name="utterance_outcome"),
            models.Index(fields=["lang", "-received_at"], name="utterance_lang"),
            models.Index(
                fields=["-received_at"],
                name="utterance_unconfirmed",
                condition=models.Q(robot_confirmed=False),
            ),
            models.Index(
                fields=["-received_at", "first_audio_ms"],
                name="utterance_heard",
                condition=models.Q(first_audio_ms__isnull=False),
            ),
            models.Index(
                fields=["-received_at", "waiting_ms"],
                name="utterance_waited",
                condition=models.Q(waiting_ms__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return shorten(self.text, 60)

    @property
    def is_finished(self) -> bool:
        """Return True if the outcome is known."""
        return self.status not in self.UNFINISHED

    @property
    def is_streaming(self) -> bool:
        """Return True while the number of chunks is not known."""
        return self.total_chunks == UNKNOWN_TOTAL

    @property
    def is_growing(self) -> bool:
        """Return True if it is spoken, or about to be, before all of it has arrived."""
        return self.status in (self.Status.QUEUED, self.Status.PLAYING) and not self.error

    @property
    def failure(self) -> str:
        """Why it was not spoken, or not as it should be; empty if nothing is wrong."""
        return Reason.from_json(self.reason) or self.error

    @failure.setter
    def failure(self, reason: str) -> None:
        self.error, self.reason = str(reason), as_json(reason)

    def beginning(self) -> tuple[str, bool]:
        """Read the text up to the first missing chunk, and whether that is all of it."""
        parts = dict(self.chunks.values_list("number", "text"))
        total = Utterance.objects.values_list("total_chunks", flat=True).get(pk=self.pk)
        numbers = takewhile(parts.__contains__, count(1))
        return "".join(parts[number] for number in numbers), len(parts) == total

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete from the outbox as well."""
        OutboxEntry.objects.filter(pk=self.pk).delete()
        return super().delete(*args, **kwargs)

    @property
    def options(self) -> SpeechOptions:
        """How it is to be spoken."""
        return SpeechOptions(
            **{name: getattr(self, column) for name, column in OPTION_COLUMNS.items()}
        )

    def seconds_to_live(self, default_seconds: float) -> float:
        """Return the age in seconds up to which it may be spoken."""
        return default_seconds if self.ttl_seconds is None else self.ttl_seconds

    def is_stale(self, default_ttl_seconds: float, now: datetime | None = None) -> bool:
        """Return True if it is older than its time to live."""
        ttl = self.seconds_to_live(default_ttl_seconds)
        # A sender's clock may be ahead. Then the time of arrival is used.
        since = min(self.published_at, self.received_at)
        return (now or timezone.now()) - since > timedelta(seconds=ttl)


class UtteranceChunk(models.Model):
    """A numbered chunk of an utterance; unique, so that a repetition changes nothing."""

    utterance = models.ForeignKey(Utterance, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    text = models.TextField()

    class Meta:
        db_table = "ttsmonitor_utterancechunk"
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["utterance", "number"], name="chunk_once")
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.text[:40]}"


class OutboxEntry(models.Model):
    """An utterance that the speech service has not confirmed as stored yet."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payload = models.JSONField(_("payload"))
    created_at = models.DateTimeField(_("created"), default=timezone.now, db_index=True)
    published_at = models.DateTimeField(_("last published"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    sender = models.CharField(_("sender"), max_length=64, blank=True, default="", db_default="")
    """The component that publishes it; empty for the one that speaks with robots."""

    class Meta:
        db_table = "ttsmonitor_outboxentry"
        verbose_name = _("unconfirmed utterance")
        verbose_name_plural = _("unconfirmed utterances")
        ordering: ClassVar = ["created_at"]

    def __str__(self) -> str:
        return f"{self.id}"


class AwaitedReport(models.Model):
    """A sentence that a robot was sent and has not reported to have said yet.

    It is kept for a restart: the report may come after it.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    device_id = models.CharField(max_length=128)
    words = models.TextField()
    """As compared, not as written."""
    event_id = models.TextField(blank=True)
    """The request that it answers; empty for none."""
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["sent_at"]

    def __str__(self) -> str:
        return f"{self.id}"


def option_columns(options: SpeechOptions) -> dict[str, Any]:
    """Return the columns that hold the options of an utterance."""
    return {column: getattr(options, name) for name, column in OPTION_COLUMNS.items()}


def utterance_fields(chunk: Chunk, received_at: datetime) -> dict[str, Any]:
    """Return the columns that any chunk of an utterance fills."""
    return {
        "id": chunk.utterance_id,
        "source": chunk.source,
        "device_id": chunk.device_id,
        **option_columns(chunk),
        "published_at": chunk.published_at or received_at,
        "received_at": received_at,
    }
