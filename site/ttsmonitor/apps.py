"""The speech side as a Django app."""

import logging
from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS, DatabaseError, router
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)


def is_plugged_in() -> bool:
    """Is this somebody else's OpenMoxie? Our own hive mirrors what it says by itself."""
    if not apps.is_installed("hive"):
        return False
    return not getattr(apps.get_app_config("hive"), "mirrors_itself", False)


class TTSMonitorConfig(AppConfig):
    name = "ttsmonitor"
    verbose_name = _("Spoken history")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_install_upkeep, sender=self)
        if not is_plugged_in():
            from ttsmonitor import checks  # noqa: F401  registers the system checks

            return
        post_migrate.connect(_prepare_own_database, sender=self)
        # No checks there: a setting of ours that cannot be used is no reason not to start.
        try:
            from ttsmonitor.plugged_in.database import problem
            from ttsmonitor.publishing import plugin

            if reason := problem():
                logger.error("nothing is mirrored: %s", reason)
                return
            plugin.instrument()
        except Exception:
            logger.exception("nothing is mirrored")


def _install_upkeep(using: str = DEFAULT_DB_ALIAS, apps: Any = apps, **kwargs: Any) -> None:
    from ttsmonitor.history import upkeep

    if not router.allow_migrate(using, "ttsmonitor"):
        return
    if "total" not in apps.all_models["ttsmonitor"]:
        return  # somebody went back to a version without them
    try:
        upkeep.install(using)
    except DatabaseError:
        if not is_plugged_in():
            raise
        logger.exception("the history is not indexed")  # and their own migrations go on


def _prepare_own_database(
    using: str = DEFAULT_DB_ALIAS, apps: Any = apps, stdout: Any = None, **kwargs: Any
) -> None:
    """Migrate the plug-in's own database when OpenMoxie's `migrate` has run.

    Its users know that command, and its Docker image runs it at each start.
    """
    from ttsmonitor.plugged_in import database

    if using != DEFAULT_DB_ALIAS or "utterance" not in apps.all_models["ttsmonitor"]:
        return  # not theirs, or `migrate ttsmonitor zero`
    try:
        if database.problem():
            return  # logged at the start
        database.prepare()
        if (copied := database.copy_old_tables(using)) and stdout is not None:
            stdout.write(f"  Copied {copied} rows of the spoken history into its own database.")
    except Exception:
        logger.exception("the plug-in's own database is not ready")  # their migrations are
