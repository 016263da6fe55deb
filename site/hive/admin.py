"""Robots, their configuration and conversations in Django's admin."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from hive.forms import CommandRowForm, ConfigForm, ConfigurationForm, RobotForm
from hive.models import Approval, ChatModule, Configuration, Favourite, GlobalCommand, Robot

_ADVANCED: Any = {
    "classes": ("collapse",),
    "description": _(
        "The whole configuration. The fields above take precedence if both were changed."
    ),
}


@admin.register(Robot)
class RobotAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The robots: people edit names and configuration, reported fields are read-only."""

    form = RobotForm
    list_display = (
        "__str__",
        "device_id",
        "approval",
        "nickname",
        "online",
        "last_seen",
        "puppet_mode",
    )
    list_filter = ("approval", "online", "puppet_mode")
    search_fields = ("name", "nickname", "device_id")
    actions = ("let_in", "revoke")
    edited = ("name", "nickname", "puppet_mode", "config")
    reported = (
        "online",
        "connected_at",
        "last_seen",
        "puppet_state",
        "battery",
        "awake",
        "created_at",
    )
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("device_id", "name", "nickname", "approval", "puppet_mode")}),
        (_("Configuration"), {"fields": ConfigForm.PARTS}),
        (_("What the robot reports"), {"fields": reported}),
        (_("Configuration as JSON"), {"fields": ("config",)} | _ADVANCED),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # The id identifies everything that is known about a robot.
        """Return the reported fields, the approval, and the id of a robot that exists."""
        fixed = ("approval", *self.reported)
        return fixed if obj is None else ("device_id", *fixed)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the edited fields only: the robot may have connected or left meanwhile.

        A robot that a person enters is let in.
        """
        if not change:
            obj.approval = Approval.APPROVED
        obj.save(update_fields=self.edited if change else None)

    @admin.action(description=_("Let in"), permissions=["change"])
    def let_in(self, request: HttpRequest, chosen: Any) -> None:
        """Let the chosen robots in."""
        self._decide(chosen, Approval.APPROVED)

    @admin.action(description=_("Revoke access"), permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: Any) -> None:
        """Revoke the access of the chosen robots."""
        self._decide(chosen, Approval.REFUSED)

    def _decide(self, chosen: Any, approval: Approval) -> None:
        for robot in chosen:
            robot.approval = approval
            robot.save(update_fields=["approval"])  # its signal makes it known at once


@admin.register(Configuration)
class ConfigurationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The one row of the configuration of all robots."""

    form = ConfigurationForm
    fieldsets: ClassVar[Any] = (
        (_("Settings of all robots"), {"fields": ConfigForm.PARTS}),
        (_("Conversation"), {"fields": ("chat_fallback",)}),
        (_("Schedule"), {"fields": ("schedule",)}),
        (_("Configuration as JSON"), {"fields": ("config",)} | _ADVANCED),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False: there is one row."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: there is one row."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Redirect to the one row."""
        return redirect("admin:hive_configuration_change", Configuration.load().pk)


@admin.register(Favourite)
class FavouriteAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The favourite phrases."""

    list_display = ("__str__", "mood", "intensity")
    list_filter = ("mood",)
    search_fields = ("text",)


@admin.register(ChatModule)
class ChatModuleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The conversation modules."""

    list_display = ("name", "robots_id", "content_id", "lang", "model_shown", "is_enabled")
    list_filter = ("lang", "is_enabled")
    search_fields = ("name", "prompt", "opener")
    save_as = True
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("name", "lang", "is_enabled", "opener", "reprompt")}),
        (
            _("Language model"),
            {"fields": ("prompt", "model", "max_tokens", "temperature", "fallback")},
        ),
        (_("Without a language model"), {"fields": ("replies",)}),
        (_("For robots"), {"fields": ("module_id", "content_id")}),
    )

    @admin.display(description=_("module id"))
    def robots_id(self, module: ChatModule) -> str:
        """Return the id by which robots call the module."""
        return module.robots_id

    @admin.display(description=_("model"))
    def model_shown(self, module: ChatModule) -> str:
        """Return the language model, or that there is none."""
        return module.model_name or str(_("none: the scripted companion"))


@admin.register(GlobalCommand)
class GlobalCommandAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The global commands."""

    list_display = ("name", "pattern", "lang", "action", "position", "is_enabled")
    list_editable = ("position", "is_enabled")
    list_filter = ("lang", "action", "is_enabled")
    search_fields = ("name", "pattern", "answer")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("name", "pattern", "lang", "answer")}),
        (
            _("Robot action"),
            {"fields": ("action", "target_module", "target_content")},
        ),
        (_("Order"), {"fields": ("position", "is_enabled")}),
    )

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the form of a row, whose fields have accessible names."""
        return super().get_changelist_form(request, form=CommandRowForm, **kwargs)
