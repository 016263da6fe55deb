"""Voice settings by source, robot and language."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ttsmirror.text import language_tag

if TYPE_CHECKING:
    from ttsmirror.models import Utterance


class VoiceSetting(models.Model):
    """The voice for a source, a robot or a language; an empty value matches any."""

    source = models.CharField(_("source"), max_length=64, blank=True)
    device_id = models.CharField(_("robot"), max_length=128, blank=True)
    lang = models.CharField(
        _("language"), max_length=32, blank=True, help_text=_("Such as es or en-GB.")
    )
    voice = models.CharField(_("voice"), max_length=64, blank=True)
    speaker = models.PositiveIntegerField(
        _("speaker"),
        null=True,
        blank=True,
        help_text=_("For a voice with several speakers: a number from 0."),
    )
    speed = models.FloatField(
        _("speed"),
        default=1.0,
        validators=[MinValueValidator(0.5), MaxValueValidator(2.0)],
        help_text=_("1 is the voice's own speed, 2 is twice as fast."),
    )
    volume = models.FloatField(
        _("volume"),
        default=1.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(2.0)],
        help_text=_("1 is the voice's own volume, 0 is silence."),
    )

    class Meta:
        """One setting for each combination."""

        verbose_name = _("voice setting")
        verbose_name_plural = _("voice settings")
        ordering: ClassVar = ["device_id", "source", "lang"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "device_id", "lang"],
                name="voice_setting_once",
                violation_error_message=_("There is a setting for this already."),
            )
        ]

    def __str__(self) -> str:
        """Return what the setting is for."""
        whose = ", ".join(filter(None, (self.device_id, self.source, self.lang)))
        return whose or str(_("everything"))

    def fits(self, utterance: Utterance, lang: str) -> bool:
        """Return True if it applies to the utterance, whose text is in `lang`.

        A language includes all of its regions.
        """
        tag = language_tag(lang)
        return (
            self.device_id in ("", utterance.device_id)
            and self.source in ("", utterance.source)
            and language_tag(self.lang) in ("", tag, tag.partition("-")[0])
        )

    def precision(self) -> tuple[bool, bool, int]:
        """Return a sort key: the setting with more conditions wins."""
        return bool(self.device_id), bool(self.source), len(self.lang)
