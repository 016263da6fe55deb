"""Favourite phrases, which are said often."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ttsmirror.text import shorten
from ttsmonitor.web.labels import MOODS

FAVOURITES = 200
FAVOURITE_CHARACTERS = 400


class FavouriteQuerySet(models.QuerySet["Favourite"]):
    """Changes of the favourite phrases, which everybody here shares."""

    def keep(self, text: str, mood: str, intensity: float) -> None:
        """Add a phrase, or update its mood, and drop the oldest if there are too many."""
        self.update_or_create(text=text, defaults={"mood": mood, "intensity": intensity})
        kept = self.order_by("-pk").values("pk")[:FAVOURITES]
        self.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()

    def forget(self, text: str) -> None:
        """Remove a phrase."""
        self.filter(text=text).delete()


class Favourite(models.Model):
    """A phrase with the mood that it is said in."""

    text = models.CharField(_("text"), max_length=FAVOURITE_CHARACTERS, unique=True)
    mood = models.CharField(
        _("mood"), max_length=64, default="neutral", choices=[(mood, _(mood)) for mood in MOODS]
    )
    intensity = models.FloatField(
        _("intensity"), default=0.5, validators=[MinValueValidator(0.0), MaxValueValidator(1.0)]
    )

    objects = FavouriteQuerySet.as_manager()

    class Meta:
        verbose_name = _("favourite phrase")
        verbose_name_plural = _("favourite phrases")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return shorten(self.text, 60)

    def describe(self) -> dict[str, Any]:
        """Return it as pages and API show it."""
        return {"text": self.text, "mood": self.mood, "intensity": self.intensity}
