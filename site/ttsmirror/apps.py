"""The mirror as a Django app: the part of this project that is copied into an OpenMoxie."""

import logging

from django.apps import AppConfig
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
        try:
            from ttsmirror.instrumentation import openmoxie

            openmoxie.instrument()
        except Exception:  # OpenMoxie has to start whatever is wrong here
            logger.exception("the mirror could not be installed: nothing is mirrored")
