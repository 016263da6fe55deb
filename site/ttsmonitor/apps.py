"""The speech side as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TTSMonitorConfig(AppConfig):
    name = "ttsmonitor"
    verbose_name = _("Spoken history")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ttsmonitor import checks  # noqa: F401  registers the system checks
