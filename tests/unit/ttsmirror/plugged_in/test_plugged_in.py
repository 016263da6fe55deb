"""The plug-in's additions to OpenMoxie's settings."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from tests.support.tools import ROOT
from ttsmirror.local_database import ALIAS
from ttsmirror.models import Utterance
from ttsmirror.plugged_in import (
    ROUTER,
    OwnDatabaseRouter,
    plugged_into,
)
from ttsmonitor.models import ApiToken

SQLITE = "django.db.backends.sqlite3"


def path_of(settings: dict[str, Any]) -> str:
    return str(plugged_into(settings)[1][ALIAS]["NAME"])


def databases(engine: str, name: object) -> dict[str, Any]:
    return {"DATABASES": {"default": {"ENGINE": engine, "NAME": name}}}


@pytest.mark.parametrize("name", [Path("/data/db.sqlite3"), "/data/moxie.db"])
def test_file_lies_beside_the_hosts_sqlite_file(name: object) -> None:
    assert path_of(databases(SQLITE, name)) == "/data/moxie_tts.sqlite3"


@pytest.mark.parametrize(
    "settings",
    [
        databases("django.db.backends.postgresql", "openmoxie"),
        databases(SQLITE, ":memory:"),
        databases(SQLITE, "file:shared?mode=memory"),
        {"DATABASES": {"default": {}}},
        {},
    ],
)
def test_other_databases_get_the_file_in_the_work_folder(settings: dict[str, Any]) -> None:
    assert path_of(settings) == str(ROOT / "site" / "work" / "moxie_tts.sqlite3")


def test_setting_or_environment_names_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = databases(SQLITE, "/data/db.sqlite3") | {"MOXIE_TTS_DATABASE": "/mine/a.sqlite3"}
    assert path_of(settings) == "/mine/a.sqlite3"
    monkeypatch.setenv("MOXIE_TTS_DATABASE", "~/b.sqlite3")
    assert path_of(settings) == str(Path("~/b.sqlite3").expanduser())


def test_host_apps_databases_and_routers_are_kept() -> None:
    theirs = {"default": {"ENGINE": SQLITE, "NAME": "/data/db"}, "logs": {"ENGINE": SQLITE}}
    settings = {"INSTALLED_APPS": ("hive",), "DATABASES": theirs, "DATABASE_ROUTERS": ["x.Y"]}
    apps, found, routers = plugged_into(settings)
    assert apps == ["hive", "ttsmirror"]
    assert {name: found[name] for name in theirs} == theirs
    assert routers == [ROUTER, "x.Y"]
    assert set(theirs) == {"default", "logs"}


@pytest.mark.parametrize("app", ["ttsmonitor", "ttsmonitor.apps.TTSMonitorConfig"])
def test_earlier_version_app_is_replaced(app: str) -> None:
    apps, *_ = plugged_into({"INSTALLED_APPS": ["hive", app]})
    assert apps == ["hive", "ttsmirror"]


def test_listed_app_is_not_added_twice() -> None:
    listed = ["ttsmirror.apps.TTSMirrorConfig", "hive"]
    assert plugged_into({"INSTALLED_APPS": listed})[0] == listed


def test_applying_the_settings_twice_changes_nothing() -> None:
    names = ("INSTALLED_APPS", "DATABASES", "DATABASE_ROUTERS")
    once = plugged_into(databases(SQLITE, "/data/db.sqlite3"))
    assert plugged_into(dict(zip(names, once, strict=True))) == once


def test_import_needs_no_django_settings() -> None:
    code = "from ttsmirror.plugged_in import plugged_into; print(len(plugged_into({})[1]))"
    kept = {name: each for name, each in os.environ.items() if not name.startswith("DJANGO")}
    env = kept | {"PYTHONPATH": str(ROOT / "site")}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_router_keeps_only_our_models_in_our_database() -> None:
    router = OwnDatabaseRouter()
    assert router.db_for_read(Utterance) == router.db_for_write(Utterance) == ALIAS
    assert router.db_for_write(get_user_model()) is None
    asked = [(ALIAS, "ttsmirror"), (ALIAS, "hive"), ("default", "ttsmirror"), ("default", "hive")]
    assert [router.allow_migrate(*each) for each in asked] == [True, False, False, None]


@pytest.mark.django_db
def test_tokens_are_deleted_with_their_user() -> None:
    users = get_user_model().objects
    kept, gone = users.create_user("kept"), users.create_user("gone")
    ApiToken.issue(kept, "a")
    ApiToken.issue(gone, "b")
    gone.delete()
    assert [token.name for token in ApiToken.objects.all()] == ["a"]
