"""The speech side as a Django app."""

import logging
from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS, router
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)


class TTSMonitorConfig(AppConfig):
    name = "ttsmonitor"
    verbose_name = _("Speech service")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_install_upkeep, sender=self)
        from ttsmonitor import checks  # noqa: F401  registers the system checks


def _install_upkeep(using: str = DEFAULT_DB_ALIAS, apps: Any = apps, **kwargs: Any) -> None:
    from ttsmonitor.history import index

    if not router.allow_migrate(using, "ttsmonitor"):
        return
    if "total" not in apps.all_models["ttsmonitor"]:
        return  # somebody went back to a version without them
    index.install(using)
