"""The speech service in the admin: voice settings, pronunciations, quarantine, API tokens."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ttsmirror.admin import ReadOnly
from ttsmirror.translations import translate
from ttsmonitor.models import (
    ApiToken,
    PronunciationEntry,
    QuarantinedMessage,
    TranslatedSentence,
    TranslationPrompt,
    VoiceSetting,
)
from ttsmonitor.monitor.forms import VoiceSettingForm

SHOWN_BYTES = 4096


@admin.register(VoiceSetting)
class VoiceSettingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Voice settings, which take effect with the next utterance."""

    form = VoiceSettingForm
    list_display = ("__str__", "voice", "speaker", "speed", "volume")
    fieldsets: ClassVar = (
        (_("Applies to"), {"fields": ("device_id", "source", "lang")}),
        (_("How it is spoken"), {"fields": ("voice", "speaker", "speed", "volume")}),
    )


@admin.register(PronunciationEntry)
class PronunciationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Pronunciations, which are heard in the next sentence."""

    list_display = ("written", "said", "phonemes", "lang", "note")
    list_filter = ("lang",)
    search_fields = ("written", "folded", "said", "note")
    fields = ("lang", "written", "said", "phonemes", "note")


@admin.register(TranslationPrompt)
class TranslationPromptAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The instructions for a language model that translates: one row at most."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow one row."""
        return super().has_add_permission(request) and not TranslationPrompt.objects.exists()


@admin.register(TranslatedSentence)
class TranslatedSentenceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Translations that were made; a corrected one is spoken from the next time on."""

    list_display = ("sentence", "translation", "source", "target", "engine", "made_at")
    list_filter = ("source", "target", "engine")
    search_fields = ("sentence", "translation")
    readonly_fields = ("sentence", "source", "target", "engine", "made_at")
    fields = ("sentence", "translation", "source", "target", "engine", "made_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: they are made when something is said."""
        return False


@admin.register(QuarantinedMessage)
class QuarantinedMessageAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """Messages that could not be read."""

    list_display = ("received_at", "topic", "why", "size")
    list_filter = ("received_at",)
    search_fields = ("topic", "reason")
    date_hierarchy = "received_at"
    fields = ("received_at", "topic", "why", "size", "content")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuarantinedMessage]:
        """Leave out the payloads: a hundred of them would be megabytes."""
        rows: QuerySet[QuarantinedMessage] = super().get_queryset(request).defer("payload")
        return rows.annotate(payload_bytes=Length("payload"))

    class Media:
        """The colours of the pages."""

        css: ClassVar = {"all": ("ttsmonitor/admin.css",)}

    @admin.display(description=_("reason"), ordering="reason")
    def why(self, message: QuarantinedMessage) -> str:
        """Return why it could not be read, in the visitor's language."""
        return translate(message.failure)

    @admin.display(description=_("bytes"), ordering="payload_bytes")
    def size(self, message: QuarantinedMessage) -> int:
        """Return the length of the payload."""
        payload_bytes: int = message.payload_bytes  # type: ignore[attr-defined]
        return payload_bytes

    @admin.display(description=_("payload"))
    def content(self, message: QuarantinedMessage) -> SafeString:
        """Return the payload as text."""
        return format_html('<pre class="payload">{}</pre>', readable(bytes(message.payload)))


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """API tokens: issued by `manage.py create_api_token`, revoked here."""

    list_display = fields = (
        "name",
        "owner",
        "scopes",
        "created_at",
        "expires_at",
        "last_used_at",
    )

    @admin.display(description=_("user"), ordering="user")
    def owner(self, token: ApiToken) -> str:
        """Return the name of the user."""
        return str(token.user)


def readable(payload: bytes) -> str:
    r"""Return the first 4 KiB as text, with \xNN for what is not printable UTF-8."""
    text = payload[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    shown = "".join(
        character if character.isprintable() or character in "\n\t" else _escaped(character)
        for character in text
    )
    return f"{shown} …" if len(payload) > SHOWN_BYTES else shown


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
