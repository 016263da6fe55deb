"""The mirror's own SQLite file on the local disk, and who keeps which table in it.

In an OpenMoxie the file has all tables of this app (ttsmirror/plugged_in). In our own project it
has only what the publisher needs: the history may be in PostgreSQL, and what robots say must not
depend on that.
Settings import this module, so it needs neither settings nor an installed Django.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

APP = "ttsmirror"
ALIAS = "moxie_tts"
OUTBOX_FILE = "outbox.sqlite3"
OUTBOX_ROUTER = "ttsmirror.local_database.OutboxRouter"
BUSY_SECONDS = 20
_OUTBOX = ("outboxentry", "awaitedreport")
"""Models of the publisher alone."""


class OutboxRouter:
    """Keeps the outbox in its own file, and everything else out of that."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Return the own file for the outbox."""
        return ALIAS if _is_outbox(model._meta.app_label, model._meta.model_name) else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Return the own file for the outbox."""
        return self.db_for_read(model)

    def allow_migrate(
        self, db: str, app_label: str, model_name: str | None = None, **hints: Any
    ) -> bool | None:
        """Allow the outbox in its own file only, and nothing else there."""
        is_outbox = _is_outbox(app_label, model_name)
        if db == ALIAS or is_outbox:
            return db == ALIAS and is_outbox
        return None


def _is_outbox(app_label: str, model_name: str | None) -> bool:
    return app_label == APP and model_name in _OUTBOX


def local_database(path: Path) -> dict[str, Any]:
    """Return the entry of DATABASES for an SQLite file. The disk is not touched."""
    import django  # script/plug-into imports this module where there is none

    options: dict[str, Any] = {"timeout": BUSY_SECONDS}
    if django.VERSION >= (5, 1):
        # Without IMMEDIATE, writers that start as readers meet "database is locked" at once.
        options["transaction_mode"] = "IMMEDIATE"
        options["init_command"] = "PRAGMA synchronous=NORMAL;"
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": options}
