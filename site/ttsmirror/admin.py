"""The spoken history in the admin of an OpenMoxie: read and deleted by people, never changed.

Where the speech service's app is installed, its richer pages are registered instead.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from ttsmirror.host import is_plugged_in
from ttsmirror.models import OutboxEntry, Utterance, UtteranceChunk
from ttsmirror.translations import translate

SHOWN_CHARACTERS = 90


class ReadOnly:
    """Forbid adding and changing rows that a machine wrote."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: the publisher writes these rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: the publisher writes these rows."""
        return False


class Undeletable(ReadOnly):
    """Forbid deleting as well."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: the row is still needed."""
        return False


class FinishedOnly(ReadOnly):
    """Allow deleting finished utterances; the speech service still uses the others."""

    def has_delete_permission(self, request: HttpRequest, obj: Utterance | None = None) -> bool:
        """Return True for a finished utterance, if the user may delete at all."""
        allowed: bool = super().has_delete_permission(request, obj)  # type: ignore[misc]
        return allowed and (obj is None or obj.is_finished)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Utterance]) -> None:
        """Delete the finished ones of those selected."""
        queryset.finished().delete()  # type: ignore[attr-defined]


class ChunkInline(Undeletable, admin.TabularInline):  # type: ignore[type-arg]
    """The chunks in which an utterance arrived."""

    model = UtteranceChunk
    fields = readonly_fields = ("place", "spoken_part")
    extra = 0

    @admin.display(description=_("number"))
    def place(self, chunk: UtteranceChunk) -> int:
        """Return the chunk's number, from 1."""
        return chunk.number

    @admin.display(description=_("text"))
    def spoken_part(self, chunk: UtteranceChunk) -> str:
        """Return the chunk's text."""
        return chunk.text


class UtteranceAdmin(FinishedOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """The history of utterances and their outcomes."""

    list_display = ("received_at", "status", "words", "source", "device_id", "robot_confirmed")
    list_filter = ("status", "source", "received_at", "robot_confirmed")
    search_fields = ("text",)
    date_hierarchy = "received_at"
    ordering = ("-received_at",)
    show_full_result_count = False
    exclude: ClassVar = ("rank", "turn", "urgent", "error")
    readonly_fields = ("why",)

    @admin.display(description=_("text"))
    def words(self, utterance: Utterance) -> str:
        """Return the beginning of the text."""
        return Truncator(utterance.text).chars(SHOWN_CHARACTERS)

    @admin.display(description=_("error"))
    def why(self, utterance: Utterance) -> str:
        """Return why it was not spoken, in the visitor's language."""
        return translate(utterance.failure)


class OutboxEntryAdmin(Undeletable, admin.ModelAdmin):  # type: ignore[type-arg]
    """Utterances that the speech service has not confirmed yet."""

    list_display = ("created_at", "words", "attempts", "published_at")
    date_hierarchy = "created_at"
    fields = ("id", "created_at", "published_at", "attempts", "payload")
    show_full_result_count = False

    @admin.display(description=_("text"))
    def words(self, entry: OutboxEntry) -> str:
        """Return the beginning of the text."""
        text = entry.payload.get("text", "") if isinstance(entry.payload, dict) else ""
        return Truncator(str(text)).chars(SHOWN_CHARACTERS)


admin.site.register(OutboxEntry, OutboxEntryAdmin)
if is_plugged_in():
    admin.site.register(Utterance, UtteranceAdmin)
