"""The robots' side as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HiveConfig(AppConfig):
    name = "hive"
    verbose_name = _("Robots")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from hive import checks, receivers  # noqa: F401  register themselves
