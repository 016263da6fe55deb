"""The table of pronunciations: how words are said that are not read as they are written."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Count, Max
from django.utils.translation import gettext_lazy as _

from ttsmirror.text import language_tag
from ttsmirror.wire.fields import LANG
from ttsmonitor.language.pronunciations import Pronunciation, fold

WORD_CHARACTERS = 100
_LANG = RegexValidator(rf"^(?:{LANG.pattern})\Z", _("Enter a language such as es or en-GB."))
_WRITTEN = RegexValidator(
    r"^(?=.*[^\W\d_])[^\x00-\x1f\x7f\[\]<>]+\Z", _("Enter a word, or several, as they are written.")
)
_SAID = RegexValidator(
    r"^(?=.*[^\W\d_])(?:[^\W\d_]|[\u0300-\u036f '’-])+\Z",
    _("Write it with letters, spaces and hyphens only."),
)
_IPA = RegexValidator(
    r"^[a-zæçðøħŋœǀ-ǃɐ-ʯʰʲʷˈˌːˑ˞ˠˤβθχᵊᵻ\u0300-\u036f ]+\Z",
    _("Write phonemes with the signs of the IPA, as in mˈoksi."),
)


class PronunciationQuerySet(models.QuerySet["PronunciationEntry"]):
    """Queries of the table."""

    def version(self) -> tuple[Any, ...]:
        """Return a value that changes with every change of the table."""
        return tuple(self.aggregate(Count("pk"), Max("pk"), Max("changed_at")).values())


class PronunciationEntry(models.Model):
    """How a word, or several in a row, is said in one language."""

    lang = models.CharField(
        _("language"),
        max_length=32,
        default="es",
        validators=[_LANG],
        help_text=_("Such as es or en-GB."),
    )
    written = models.CharField(
        _("written"),
        max_length=WORD_CHARACTERS,
        validators=[_WRITTEN],
        help_text=_(
            "A name or word, or several. It is found in capitals and without accents, too."
        ),
    )
    folded = models.CharField(max_length=2 * WORD_CHARACTERS, editable=False)
    """`written` as it is compared."""
    said = models.CharField(
        _("pronounced"),
        max_length=WORD_CHARACTERS,
        blank=True,
        validators=[_SAID],
        help_text=_("In letters of that language, as they are to be read: Oaxaca, oajaca."),
    )
    phonemes = models.CharField(
        _("phonemes"),
        max_length=WORD_CHARACTERS,
        blank=True,
        validators=[_IPA],
        help_text=_(
            "In IPA, for Piper, where letters are not enough. Other engines read the letters."
        ),
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = PronunciationQuerySet.as_manager()

    class Meta:
        """One entry for each word of a language."""

        verbose_name = _("pronunciation")
        verbose_name_plural = _("pronunciations")
        ordering: ClassVar = ["lang", "folded"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lang", "folded"], name="pronunciation_once")
        ]

    def __str__(self) -> str:
        """Return word and pronunciation."""
        return f"{self.written}: {self.said or self.phonemes}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the tidied fields."""
        self._tidy()
        super().save(*args, **kwargs)

    def clean_fields(self, exclude: Any = None) -> None:
        """Tidy the fields, then validate them."""
        self._tidy()
        super().clean_fields(exclude=exclude)

    def clean(self) -> None:
        """Require a pronunciation, and refuse a second one of the same word."""
        if not (self.said or self.phonemes):
            raise ValidationError({"said": _("Enter how it is said, in letters or in phonemes.")})
        twins = PronunciationEntry.objects.filter(lang=self.lang, folded=self.folded)
        if twins.exclude(pk=self.pk).exists():
            raise ValidationError({"written": _("This word has a pronunciation already.")})

    def _tidy(self) -> None:
        self.lang = language_tag(self.lang.strip())
        for name in ("written", "said", "phonemes", "note"):
            setattr(self, name, " ".join(getattr(self, name).split()))
        self.phonemes = re.sub(r"[/\[\]]", "", self.phonemes).strip()
        self.folded = fold(self.written)

    def fits(self, lang: str) -> bool:
        """Return True if it is for texts in `lang`; a language includes all of its regions."""
        tag = language_tag(lang)
        return self.lang in (tag, tag.partition("-")[0])

    @property
    def value(self) -> Pronunciation:
        """The entry as the table of the language takes it."""
        return Pronunciation(self.written, self.said or self.written, self.phonemes)
