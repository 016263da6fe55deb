"""The mirror as a Django app: the part of this project that is copied into an OpenMoxie."""

import logging
from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from ttsmirror.host import is_plugged_in

logger = logging.getLogger(__name__)


class TTSMirrorConfig(AppConfig):
    """Puts the mirror around the methods that speak, in an OpenMoxie only."""

    name = "ttsmirror"
    verbose_name = _("Spoken history")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Instrument the OpenMoxie around this app. Our own hive calls the mirror itself."""
        if not is_plugged_in():
            return
        post_migrate.connect(_prepare_own_database, sender=self)
        try:
            from ttsmirror.instrumentation import openmoxie
            from ttsmirror.plugged_in.database import problem

            if reason := problem():
                logger.error("nothing is mirrored: %s", reason)
                return
            openmoxie.instrument()
        except Exception:  # OpenMoxie has to start in any case
            logger.exception("the mirror could not be installed: nothing is mirrored")


def _prepare_own_database(
    using: str = DEFAULT_DB_ALIAS, apps: Any = apps, stdout: Any = None, **kwargs: Any
) -> None:
    """Migrate the plug-in's own database when OpenMoxie's `migrate` has run.

    Its users know that command, and its Docker image runs it at each start.
    """
    from ttsmirror.plugged_in import database

    if using != DEFAULT_DB_ALIAS or "utterance" not in apps.all_models["ttsmirror"]:
        return  # another database, or `migrate ttsmirror zero`
    try:
        if database.problem():
            return  # logged at the start
        database.prepare()
        for message in database.take_over(using):
            if stdout is not None:
                stdout.write(f"  {message}")
    except Exception:  # their own migrations have succeeded
        logger.exception("the plug-in's own database is not ready")
