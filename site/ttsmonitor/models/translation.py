"""Translations that were made, and how a language model is told to translate."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from ttsmonitor.language.translation.prompt import DEFAULT_PROMPT

MAX_TRANSLATIONS = 20_000


class TranslationQuerySet(models.QuerySet["TranslatedSentence"]):
    """Queries for the cache of translations."""

    def find(self, key: str) -> str:
        """Return the translation under `key`; empty if there is none."""
        return self.filter(key=key).values_list("translation", flat=True).first() or ""

    def keep(self, key: str, **columns: str) -> None:
        """Store a translation, and drop the oldest ones beyond MAX_TRANSLATIONS."""
        self.update_or_create(key=key, defaults=columns)
        oldest = self.order_by("-made_at").values_list("made_at", flat=True)
        if (limit := oldest[MAX_TRANSLATIONS:].first()) is not None:
            self.filter(made_at__lte=limit).delete()


class TranslatedSentence(models.Model):
    """A sentence and its translation. A correction here is heard from the next time on."""

    key = models.CharField(max_length=64, primary_key=True, editable=False)
    source = models.CharField(_("language"), max_length=32)
    target = models.CharField(_("into"), max_length=32)
    sentence = models.TextField(_("sentence"))
    translation = models.TextField(_("translation"))
    engine = models.CharField(_("translated by"), max_length=128)
    made_at = models.DateTimeField(_("made"), auto_now=True, db_index=True)

    objects = TranslationQuerySet.as_manager()

    class Meta:
        """Names for people."""

        verbose_name = _("translated sentence")
        verbose_name_plural = _("translated sentences")
        ordering: ClassVar = ["-made_at"]

    def __str__(self) -> str:
        """Return the translation."""
        return self.translation

    @staticmethod
    def key_of(*parts: str) -> str:
        """Return the key of a sentence, its languages and what made its translation."""
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def default_prompt() -> str:
    """Return the instructions that count while nobody has changed them."""
    return DEFAULT_PROMPT


def check_prompt(prompt: str) -> None:
    """Raise ValidationError if the prompt does not name the language to translate into."""
    if "{target}" not in prompt:
        raise ValidationError(_("Name the language to translate into: {target}."))


class TranslationPrompt(models.Model):
    """The instructions for a language model that translates: one row, or none for the default."""

    prompt = models.TextField(
        _("instructions"),
        default=default_prompt,
        validators=[check_prompt],
        help_text=_("{source} and {target} stand for the languages."),
    )

    class Meta:
        """Names for people."""

        verbose_name = _("instructions for translation")
        verbose_name_plural = _("instructions for translation")

    def __str__(self) -> str:
        """Return the instructions."""
        return self.prompt

    @classmethod
    def current(cls) -> str:
        """Return the instructions in force."""
        return cls.objects.values_list("prompt", flat=True).first() or DEFAULT_PROMPT
