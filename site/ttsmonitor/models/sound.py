"""The sound device that was chosen on the pages."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

MOST_PREROLL_MS = 5_000


class SoundSetting(models.Model):
    """The sound device and its pre-roll: one row, or none before the first choice.

    TTS_AUDIO_DEVICE and TTS_PREROLL_MS win where they are set.
    """

    device = models.CharField(
        _("sound device"), max_length=256, blank=True, help_text=_("Empty: the system's default.")
    )
    preroll_ms = models.PositiveIntegerField(
        _("silence before the first sound"),
        default=0,
        validators=[MaxValueValidator(MOST_PREROLL_MS)],
        help_text=_("In milliseconds, for a loudspeaker that swallows the first syllable."),
    )

    class Meta:
        """Names for people."""

        verbose_name = _("sound device")
        verbose_name_plural = _("sound device")

    def __str__(self) -> str:
        """Return the device."""
        return self.device or str(_("the system's default"))

    @classmethod
    def current(cls) -> SoundSetting:
        """Return the row, or the defaults."""
        return cls.objects.first() or cls()
