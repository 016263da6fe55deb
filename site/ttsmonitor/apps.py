"""The speech service as a Django app."""

import logging
from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS, router
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)


class TTSMonitorConfig(AppConfig):
    """Registers the system checks and the full-text index."""

    name = "ttsmonitor"
    verbose_name = _("Speech service")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks and the steps before and after `migrate`."""
        pre_migrate.connect(_remove_index, sender=self)
        post_migrate.connect(_install_index, sender=self)
        from ttsmonitor import checks  # noqa: F401  registers the system checks


def _remove_index(using: str = DEFAULT_DB_ALIAS, plan: Any = (), **kwargs: Any) -> None:
    """Remove the index before going back: SQLite drops no column that a trigger names."""
    from ttsmonitor.history import index

    is_back = any(backwards for _migration, backwards in plan)
    if is_back and router.allow_migrate(using, "ttsmonitor"):
        index.remove(using)


def _install_index(using: str = DEFAULT_DB_ALIAS, apps: Any = apps, **kwargs: Any) -> None:
    from ttsmonitor.history import index

    is_current = "retentionpolicy" in apps.all_models["ttsmonitor"]  # not migrated backwards
    if is_current and router.allow_migrate(using, "ttsmonitor"):
        index.install(using)
