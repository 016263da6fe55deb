"""The speech service as a Django app."""

import logging
from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS, router
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)


class TTSMonitorConfig(AppConfig):
    """Registers the system checks and the full-text index."""

    name = "ttsmonitor"
    verbose_name = _("Speech service")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks and the steps after `migrate`."""
        from django.contrib.auth.models import Group

        from ttsmonitor import checks  # noqa: F401  registers the system checks
        from ttsmonitor.groups import group_label, make_groups
        from ttsmonitor.monitor.status_line import speech_notices
        from ttsmonitor.web import notices

        notices.set_source("speech", speech_notices)
        post_migrate.connect(_install_index, sender=self)
        # The last of the signals: by then all of our apps have their permissions.
        post_migrate.connect(make_groups, sender=apps.get_app_config("auth"))
        Group.add_to_class("__str__", group_label)  # for every list and form of the admin


def _install_index(using: str = DEFAULT_DB_ALIAS, apps: Any = apps, **kwargs: Any) -> None:
    from ttsmonitor.history import index

    is_current = "retentionpolicy" in apps.all_models["ttsmonitor"]  # not migrated backwards
    if is_current and router.allow_migrate(using, "ttsmonitor"):
        index.install(using)
