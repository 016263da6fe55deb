"""The spoken history in Django's admin. The service writes these rows; people read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from ttsmonitor.forms import VoiceSettingForm
from ttsmonitor.models import (
    ApiToken,
    OutboxEntry,
    QuarantinedMessage,
    Utterance,
    UtteranceChunk,
    VoiceSetting,
)
from ttsmonitor.words import mood_label, reason_text, source_label

SHOWN_BYTES = 4096
DASH = "–"


class ReadOnly:
    """Nothing here is added or changed by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Kept(ReadOnly):
    """Nor is anything deleted by hand."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SourceFilter(admin.AllValuesFieldListFilter):
    """Sources by the names that the pages give them."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": source_label(str(choice["display"]))}


class ChunkInline(Kept, admin.TabularInline):  # type: ignore[type-arg]
    model = UtteranceChunk
    fields = readonly_fields = ("place", "spoken_part")
    extra = 0

    @admin.display(description=_("number"))
    def place(self, chunk: UtteranceChunk) -> int:
        return chunk.number

    @admin.display(description=_("text"))
    def spoken_part(self, chunk: UtteranceChunk) -> str:
        return chunk.text


@admin.register(Utterance)
class UtteranceAdmin(Kept, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("received", "outcome", "words", "origin", "first")
    list_filter = ("status", ("source", SourceFilter), "device_id", "lang", "received_at")
    search_fields = ("text", "device_id", "error")
    date_hierarchy = "received_at"
    ordering = ("-received_at",)
    list_per_page = 50
    show_full_result_count = False
    inlines = (ChunkInline,)
    fieldsets: ClassVar = (
        (None, {"fields": ("text", "outcome", "reason")}),
        (_("Where it came from"), {"fields": ("came_from", "device_id", "feeling", "intensity")}),
        (_("How it is spoken"), {"fields": ("lang", "voice", "engine", "priority", "ttl_seconds")}),
        (
            _("When"),
            {
                "fields": (
                    "published_at",
                    "received_at",
                    "started_at",
                    "finished_at",
                    "first_audio_ms",
                    "audio_seconds",
                )
            },
        ),
        (_("On the wire"), {"classes": ("collapse",), "fields": ("id", "total_chunks")}),
    )

    class Media:
        css: ClassVar = {"all": ("ttsmonitor/admin.css",)}

    @admin.display(description=_("received"), ordering="received_at")
    def received(self, utterance: Utterance) -> str:
        return timezone.localtime(utterance.received_at).strftime("%Y-%m-%d %H:%M:%S")

    @admin.display(description=_("status"), ordering="status")
    def outcome(self, utterance: Utterance) -> SafeString:
        return format_html(
            '<span class="state state-{}" title="{}">{}</span>',
            utterance.status,
            reason_text(utterance.error),
            utterance.get_status_display(),
        )

    @admin.display(description=_("text"))
    def words(self, utterance: Utterance) -> str:
        return Truncator(utterance.text).chars(90)

    @admin.display(description=_("source"), ordering="source")
    def came_from(self, utterance: Utterance) -> str:
        return source_label(utterance.source)

    @admin.display(description=_("source"), ordering="source")
    def origin(self, utterance: Utterance) -> SafeString:
        return format_html("{}<br>{}", source_label(utterance.source), utterance.device_id)

    @admin.display(description=_("mood"))
    def feeling(self, utterance: Utterance) -> str:
        return mood_label(utterance.mood) or DASH

    @admin.display(description=_("reason"))
    def reason(self, utterance: Utterance) -> str:
        return reason_text(utterance.error) or DASH

    @admin.display(description=_("first sound"), ordering="first_audio_ms")
    def first(self, utterance: Utterance) -> str:
        return DASH if utterance.first_audio_ms is None else f"{utterance.first_audio_ms:.0f} ms"


@admin.register(VoiceSetting)
class VoiceSettingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Who speaks how: read anew for every utterance."""

    form = VoiceSettingForm
    list_display = ("__str__", "voice", "speaker", "speed", "volume")
    fieldsets: ClassVar = (
        (_("For what comes"), {"fields": ("device_id", "source", "lang")}),
        (_("How it is spoken"), {"fields": ("voice", "speaker", "speed", "volume")}),
    )


@admin.register(QuarantinedMessage)
class QuarantinedMessageAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("received_at", "topic", "reason", "size")
    list_filter = ("received_at",)
    search_fields = ("topic", "reason")
    date_hierarchy = "received_at"
    fields = ("received_at", "topic", "reason", "size", "content")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuarantinedMessage]:
        # A list shows no payload: a hundred of them would be megabytes.
        rows: QuerySet[QuarantinedMessage] = super().get_queryset(request).defer("payload")
        return rows.annotate(payload_bytes=Length("payload"))

    class Media:
        css: ClassVar = {"all": ("ttsmonitor/admin.css",)}

    @admin.display(description=_("bytes"), ordering="payload_bytes")
    def size(self, message: QuarantinedMessage) -> int:
        payload_bytes: int = message.payload_bytes  # type: ignore[attr-defined]
        return payload_bytes

    @admin.display(description=_("payload"))
    def content(self, message: QuarantinedMessage) -> SafeString:
        return format_html('<pre class="payload">{}</pre>', readable(bytes(message.payload)))


@admin.register(OutboxEntry)
class OutboxEntryAdmin(Kept, admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("created_at", "words", "attempts", "published_at")
    date_hierarchy = "created_at"
    fields = ("id", "created_at", "published_at", "attempts", "payload")
    show_full_result_count = False

    @admin.display(description=_("text"))
    def words(self, entry: OutboxEntry) -> str:
        text = entry.payload.get("text", "") if isinstance(entry.payload, dict) else ""
        return Truncator(str(text)).chars(90)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Issued by `manage.py create_api_token`, which shows the token once; withdrawn here."""

    list_display = fields = ("name", "owner", "created_at")

    @admin.display(description=_("user"), ordering="user")
    def owner(self, token: ApiToken) -> str:
        return str(token.user)


def readable(payload: bytes) -> str:
    """The bytes as text: what is no printable UTF-8 as \\xNN, and no more than the first 4 KiB."""
    text = payload[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    shown = "".join(
        character if character.isprintable() or character in "\n\t" else _escaped(character)
        for character in text
    )
    return f"{shown} …" if len(payload) > SHOWN_BYTES else shown


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
