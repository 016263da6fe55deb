"""The robot's side as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HiveConfig(AppConfig):
    """The app's configuration."""

    name = "hive"
    verbose_name = _("Robots")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register system checks, signal receivers and notices."""
        from hive import checks, receivers  # noqa: F401  register themselves
        from hive.doctor import register_checks
        from hive.notices import robot_notices
        from ttsmonitor.web import notices

        notices.set_source("robots", robot_notices)
        register_checks()
