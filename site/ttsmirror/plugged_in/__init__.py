"""The plug-in's own database: a SQLite file beside OpenMoxie's, whose tables it never touches.

A second writer in OpenMoxie's file makes its own transactions fail with "database is locked".
OpenMoxie's settings import this module, so it needs neither settings nor an installed Django.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ttsmirror.local_database import ALIAS, APP, local_database

EARLIER_APP = "ttsmonitor"
"""The app that earlier versions copied into an OpenMoxie."""
FILE = "moxie_tts.sqlite3"
VARIABLE = "MOXIE_TTS_DATABASE"
"""Environment variable or setting with another path for the file."""
ROUTER = "ttsmirror.plugged_in.OwnDatabaseRouter"
KEPT = ".plugged-in"
"""Folder inside the app, made by script/plug-into: its changes, and the files before them."""
NOTE = f"{KEPT}/database"
"""File with the path of the database, for script/plug-into, which cannot evaluate the settings."""

_SITE = Path(__file__).resolve().parents[2]


class OwnDatabaseRouter:
    """Keeps this app's models in the plug-in's own database, and everything else out of it."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """Return the own database for models of this app."""
        return ALIAS if model._meta.app_label == APP else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """Return the own database for models of this app."""
        return self.db_for_read(model)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Allow this app in its own database only, and no other app there."""
        if db == ALIAS or app_label == APP:
            return db == ALIAS and app_label == APP
        return None


def plugged_into(settings: Mapping[str, Any]) -> tuple[list[str], dict[str, Any], list[Any]]:
    """Return INSTALLED_APPS, DATABASES and DATABASE_ROUTERS of a project with the mirror added.

    `settings` are the project's by name. What they have is kept. The disk is not touched.
    """
    apps = [each for each in settings.get("INSTALLED_APPS", ()) if _package(each) != EARLIER_APP]
    if APP not in map(_package, apps):
        apps.append(APP)
    databases = dict(settings.get("DATABASES", {}))
    databases.setdefault(ALIAS, local_database(_path(settings, databases.get("default", {}))))
    routers = list(settings.get("DATABASE_ROUTERS", ()))
    if ROUTER not in routers:
        routers.insert(0, ROUTER)  # the first one that has an opinion decides
    return apps, databases, routers


def _package(app: str) -> str:
    return app.partition(".")[0]


def _path(settings: Mapping[str, Any], default: Mapping[str, Any]) -> Path:
    """Return where the file goes: where it is told to, else beside the project's own SQLite file.

    A project with another kind of database gets it in `work`, the folder that OpenMoxie keeps.
    """
    if told := os.environ.get(VARIABLE) or settings.get(VARIABLE):
        return Path(told).expanduser()
    name = str(default.get("NAME") or "")
    is_file = "sqlite" in str(default.get("ENGINE")) and not name.startswith((":", "file:"))
    return Path(name).with_name(FILE) if name and is_file else _SITE / "work" / FILE
