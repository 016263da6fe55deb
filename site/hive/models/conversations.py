"""Settings of conversations: modules with their prompts, and global commands."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from hive.conf import conf
from hive.patterns import PATTERN_CHARACTERS, find_problem

LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]


def lines_of(text: str) -> list[str]:
    """Split a field that holds one sentence a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def validate_pattern(value: str) -> None:
    """Raise ValidationError for a pattern that is invalid or slow to search."""
    if problem := find_problem(value):
        raise ValidationError(problem)


class ChatModuleQuerySet(models.QuerySet["ChatModule"]):
    """Queries for conversation modules."""

    def enabled(self) -> Self:
        """Return the enabled ones."""
        return self.filter(is_enabled=True)


class ChatModule(models.Model):
    """A conversation: its opener, its prompt, and its lines for when the model fails."""

    name = models.CharField(_("name"), max_length=100)
    module_id = models.CharField(
        _("module id"),
        max_length=80,
        blank=True,
        help_text=_("The id in a robot's schedule; empty: HIVE_CHAT_MODULE."),
    )
    content_id = models.CharField(_("content id"), max_length=80, default="default")
    lang = models.CharField(_("language"), max_length=8, choices=LANGUAGES, default="es")
    is_enabled = models.BooleanField(_("enabled"), default=True)
    opener = models.TextField(
        _("opener"),
        help_text=_(
            "Moxie's first sentence. {nickname} stands for the child's name."
            " With several lines, one is used after the other."
        ),
    )
    prompt = models.TextField(
        _("prompt"),
        help_text=_("Instructions for the language model: who it is and how it should answer."),
    )
    model = models.CharField(
        _("model"),
        max_length=200,
        blank=True,
        help_text=_("Name of the model at the endpoint; empty: HIVE_CHAT_MODEL."),
    )
    max_tokens = models.PositiveIntegerField(
        _("length"),
        default=150,
        validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("Maximum length of an answer, in tokens: a word is one or two."),
    )
    temperature = models.FloatField(
        _("temperature"),
        default=0.7,
        validators=[MinValueValidator(0), MaxValueValidator(2)],
        help_text=_("At 0 the answers are always alike; above 1 they become erratic."),
    )
    replies = models.TextField(
        _("replies"),
        help_text=_(
            "Answers without a language model if no command matches: one a"
            " line, used in turn. {speech} is the child's sentence."
        ),
    )
    reprompt = models.TextField(
        _("reminder"), help_text=_("What Moxie says when the child says nothing.")
    )
    fallback = models.TextField(
        _("fallback"),
        help_text=_(
            "Moxie's sentence when the language model fails or takes too"
            " long. With several lines, one is used after the other."
        ),
    )

    objects = ChatModuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation module")
        verbose_name_plural = _("conversation modules")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["module_id", "content_id"],
                name="chat_module_once",
                violation_error_message=_("There is a module with these ids already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def robots_id(self) -> str:
        """The id by which robots call it."""
        return self.module_id or str(conf.HIVE_CHAT_MODULE)

    @property
    def model_name(self) -> str:
        """The language model that answers in it; empty for none."""
        return self.model or str(conf.HIVE_CHAT_MODEL)


class GlobalCommandQuerySet(models.QuerySet["GlobalCommand"]):
    """Queries for global commands."""

    def enabled(self) -> Self:
        """Return the enabled ones."""
        return self.filter(is_enabled=True)


class GlobalCommand(models.Model):
    """Words of the child that have an answer of their own in any conversation."""

    class Action(models.TextChoices):
        """The robot's action besides the answer."""

        NONE = "", _("only answer")
        LAUNCH = "launch", _("start a module")
        EXIT = "exit_module", _("leave the module")
        SLEEP = "sleep", _("go to sleep")

    name = models.CharField(_("name"), max_length=100)
    pattern = models.CharField(
        _("pattern"),
        max_length=PATTERN_CHARACTERS,
        validators=[validate_pattern],
        help_text=_(
            "A regular expression that is searched for in the child's"
            " sentence, ignoring case: qué hora es|dime la hora."
        ),
    )
    lang = models.CharField(_("language"), max_length=8, choices=LANGUAGES, default="es")
    answer = models.TextField(
        _("answer"),
        blank=True,
        help_text=_(
            "{nickname}, {speech}, {time} and {date} are replaced. With"
            " several lines, one is used after the other."
        ),
    )
    action = models.CharField(
        _("action"), max_length=16, choices=Action.choices, default=Action.NONE, blank=True
    )
    target_module = models.CharField(_("module to start"), max_length=80, blank=True)
    target_content = models.CharField(_("content to start"), max_length=80, blank=True)
    position = models.PositiveIntegerField(
        _("position"),
        default=100,
        help_text=_("Of several matching commands, the one with the lowest position answers."),
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)

    objects = GlobalCommandQuerySet.as_manager()

    class Meta:
        verbose_name = _("global command")
        verbose_name_plural = _("global commands")
        ordering: ClassVar = ["position", "pk"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError for a command that does nothing."""
        if not self.answer.strip() and not self.action:
            raise ValidationError({"answer": _("Enter an answer or choose an action.")})
        if self.action == self.Action.LAUNCH and not self.target_module:
            raise ValidationError({"target_module": _("Choose the module to start.")})

    def robot_action(self) -> dict[str, Any]:
        """Return the action as a robot gets it; empty for none."""
        if not self.action:
            return {}
        targets = {"module_id": self.target_module, "content_id": self.target_content}
        is_launch = self.action == self.Action.LAUNCH
        chosen = {name: value for name, value in targets.items() if is_launch and value}
        return {"action": str(self.action)} | chosen
