"""The history in Django's admin. The service writes the rows; people read and delete them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from ttsmirror.admin import ChunkInline, FinishedOnly
from ttsmirror.models import Utterance
from ttsmirror.translations import translate
from ttsmonitor.admin.actions import HistoryActions
from ttsmonitor.admin.listing import (
    HistoryList,
    HistoryPaginator,
    LanguageFilter,
    RobotFilter,
    Selection,
    SourceFilter,
    UnconfirmedFilter,
)
from ttsmonitor.history import search
from ttsmonitor.web.labels import (
    mood_label,
    robot_label,
    source_label,
)

DASH = "–"
CONFIRMED: dict[bool | None, Any] = {
    True: _("confirmed by the robot"),
    False: _("not confirmed by the robot"),
}


@admin.register(Utterance)
class UtteranceAdmin(HistoryActions, FinishedOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """The history: list with search and filters, and the page of an utterance."""

    list_display = ("received", "outcome", "words", "origin", "by_robot", "first")
    list_filter = (
        "status",
        SourceFilter,
        RobotFilter,
        UnconfirmedFilter,
        LanguageFilter,
        "received_at",
    )
    search_fields = ("text",)
    search_help_text = _("Words or their beginnings; accents and capitals do not matter.")
    date_hierarchy = "received_at"
    ordering = ("-received_at",)
    sortable_by = ("received",)  # any other column has no index to sort a million rows by
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each facet would count all rows
    inlines = (ChunkInline,)
    fieldsets: ClassVar = (
        (None, {"fields": ("text", "translation", "sound", "outcome", "reason", "by_robot")}),
        (
            _("Source and options"),
            {"fields": ("came_from", "called", "device_id", "feeling", "intensity")},
        ),
        (_("How it is spoken"), {"fields": ("lang", "voice", "engine", "priority", "ttl_seconds")}),
        (
            _("When"),
            {
                "fields": (
                    "published_at",
                    "received_at",
                    "started_at",
                    "finished_at",
                    "waiting_ms",
                    "first_audio_ms",
                    "audio_seconds",
                )
            },
        ),
        (_("As received"), {"classes": ("collapse",), "fields": ("id", "total_chunks")}),
    )

    class Media:
        """The colours of the pages."""

        css: ClassVar = {"all": ("ttsmonitor/admin.css",)}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[HistoryList]:
        """Use the quick list."""
        return HistoryList

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any
    ) -> HistoryPaginator:
        """Use the quick paginator."""
        return HistoryPaginator(queryset, per_page, Selection(request))

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Search through the full-text index."""
        if search_term.strip():
            selection = Selection(request)
            span = selection.span or (None, None)
            queryset = search.find(queryset, search_term, selection.equal, *span)
        return queryset, False

    @admin.display(description=_("received"), ordering="received_at")
    def received(self, utterance: Utterance) -> str:
        """Return the local time."""
        return timezone.localtime(utterance.received_at).strftime("%Y-%m-%d %H:%M:%S")

    @admin.display(description=_("status"), ordering="status")
    def outcome(self, utterance: Utterance) -> SafeString:
        """Return the status, with the reason as its tooltip."""
        return format_html(
            '<span class="state state-{}" title="{}">{}</span>',
            utterance.status,
            translate(utterance.failure),
            utterance.get_status_display(),
        )

    @admin.display(description=_("text"))
    def words(self, utterance: Utterance) -> str:
        """Return the beginning of the text."""
        return Truncator(utterance.text).chars(90)

    @admin.display(description=_("source"), ordering="source")
    def came_from(self, utterance: Utterance) -> str:
        """Return the label of the source."""
        return source_label(utterance.source)

    @admin.display(description=_("source"), ordering="source")
    def origin(self, utterance: Utterance) -> SafeString:
        """Return the labels of source and robot."""
        return format_html(
            "{}<br>{}", source_label(utterance.source), robot_label(utterance.device_id)
        )

    @admin.display(description=_("robot"), ordering="device_id")
    def called(self, utterance: Utterance) -> str:
        """Return what the robot is called."""
        return robot_label(utterance.device_id) or DASH

    @admin.display(description=_("mood"))
    def feeling(self, utterance: Utterance) -> str:
        """Return the label of the mood."""
        return mood_label(utterance.mood) or DASH

    @admin.display(description=_("reason"))
    def reason(self, utterance: Utterance) -> str:
        """Return why it was not spoken."""
        return translate(utterance.failure) or DASH

    @admin.display(description=_("robot"), ordering="robot_confirmed")
    def by_robot(self, utterance: Utterance) -> str:
        """Return whether the robot confirmed it."""
        return str(CONFIRMED.get(utterance.robot_confirmed, DASH))

    @admin.display(description=_("first sound"), ordering="first_audio_ms")
    def first(self, utterance: Utterance) -> str:
        """Return the time to first sound."""
        return DASH if utterance.first_audio_ms is None else f"{utterance.first_audio_ms:.0f} ms"
