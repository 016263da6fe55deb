"""The progress of the first-run guide."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

LANGUAGE, VOICE, SOUND, ROBOT, END = STEPS = ("language", "voice", "sound", "robot", "end")
"""The steps of the guide, in their order."""
SESSION_KEY = "guide"
"""Set in the session of a browser in which the guide is under way; the hive's pages lead back."""


class SetupGuide(models.Model):
    """How far a family came in the guide: one row, or none before it was opened."""

    step = models.CharField(max_length=16, default=LANGUAGE)
    """The step at which the guide resumes."""
    done = models.JSONField(default=list)
    """The steps that were done, in the order in which that happened."""
    languages = models.CharField(max_length=64, blank=True)
    """Languages that Moxie speaks at home, with commas; empty before they were chosen."""
    closed_at = models.DateTimeField(null=True)
    """When it was finished or skipped."""

    class Meta:
        """Names for people."""

        verbose_name = "setup guide"
        verbose_name_plural = "setup guide"

    def __str__(self) -> str:
        """Describe it for the log."""
        return "closed" if self.closed_at else self.step

    @classmethod
    def load(cls) -> SetupGuide:
        """Return the one row; create it if it does not exist."""
        return cls.objects.get_or_create(pk=1)[0]

    def note(self, step: str) -> None:
        """Store that a step was done."""
        if step not in self.done:
            self.done = [*self.done, step]
            self.save(update_fields=["done"])

    def resume_at(self, step: str) -> None:
        """Store where to go on."""
        if self.step != step:
            self.step = step
            self.save(update_fields=["step"])

    def close(self) -> None:
        """Store that it was finished or skipped, so that no login leads there any more."""
        self.step, self.closed_at = LANGUAGE, timezone.now()
        self.save(update_fields=["step", "closed_at"])
