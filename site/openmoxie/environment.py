"""Environment variables that the settings themselves depend on.

An empty variable counts as not set. A wrong one raises ImproperlyConfigured with a sentence for the
person who set it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from openmoxie.clock import system_time_zone
from ttsmirror.conf import convert
from ttsmirror.secret_file import kept_secret
from ttsmonitor.system import log_format

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
SECRET_BYTES = 32
POSTGRESQL_OPTIONS = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5_000,  # milliseconds
}
"""A server that vanished is given up within seconds; without these, threads wait for minutes.
DATABASE_URL may set others, as in `?connect_timeout=10`."""


def work_dir(default: Path) -> Path:
    """Return MOXIE_WORK_DIR and create it if it is missing."""
    path = Path(os.environ.get("MOXIE_WORK_DIR") or default).expanduser().resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # conversations are private
    except OSError as exc:
        raise _unusable(path, exc) from exc
    return path


def secret_key(work: Path) -> str:
    """Return SECRET_KEY, or the key kept in the work directory."""
    try:
        return os.environ.get("SECRET_KEY") or kept_secret(work / "secret_key", SECRET_BYTES)
    except OSError as exc:
        raise _unusable(work, exc) from exc


def _unusable(path: Path, exc: OSError) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"The work directory {path} cannot be used ({exc.strerror}): give another one with"
        " MOXIE_WORK_DIR."
    )


def debug() -> bool:
    """Return DEBUG."""
    return bool(convert("DEBUG", os.environ.get("DEBUG") or "0", bool))


def allowed_hosts() -> list[str]:
    """Return ALLOWED_HOSTS."""
    return _words(os.environ.get("ALLOWED_HOSTS") or "localhost,127.0.0.1,[::1]")


def trusted_origins() -> list[str]:
    """Return CSRF_TRUSTED_ORIGINS."""
    return _words(os.environ.get("CSRF_TRUSTED_ORIGINS") or "")


def _words(text: str) -> list[str]:
    """Split at commas."""
    return [word.strip() for word in text.split(",") if word.strip()]


def log_level() -> str:
    """Return LOG_LEVEL."""
    level = os.environ.get("LOG_LEVEL") or "INFO"
    if level.upper() not in LOG_LEVELS:
        raise ImproperlyConfigured(f"LOG_LEVEL={level!r}: give one of {', '.join(LOG_LEVELS)}.")
    # The synthesis process reads it too, without these settings.
    os.environ["LOG_LEVEL"] = level.upper()
    return level.upper()


def check_log_format() -> None:
    """Check LOG_FORMAT; every process of ours reads it from the environment."""
    given = os.environ.get("LOG_FORMAT") or log_format.TEXT
    if given.lower() not in log_format.FORMATS:
        raise ImproperlyConfigured(
            f"LOG_FORMAT={given!r}: give one of {', '.join(log_format.FORMATS)}."
        )
    os.environ["LOG_FORMAT"] = given.lower()


def time_zone() -> str:
    """Return TZ, or this computer's time zone."""
    name = os.environ.get("TZ")
    if name and name not in available_timezones():
        raise ImproperlyConfigured(
            f"TZ={name!r}: give the name of a time zone, as in America/Bogota."
        )
    return name or system_time_zone()


def database(work: Path) -> dict[str, Any]:
    """Return DATABASE_URL in Django's form, or SQLite in the work directory."""
    try:
        found = dj_database_url.parse(
            os.environ.get("DATABASE_URL") or f"sqlite:///{work / 'moxie.sqlite3'}"
        )
    except ValueError as exc:
        # It is not shown: there may be a password in it.
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read: give one as in postgres://user:password@host:5432/moxie,"
            " with special characters in it percent-encoded."
        ) from exc
    settings = dict(found)
    if settings["ENGINE"] == "django.db.backends.postgresql":
        settings["OPTIONS"] = POSTGRESQL_OPTIONS | settings.get("OPTIONS", {})
    return settings


def redis_url() -> str:
    """Return REDIS_URL; empty if there is none."""
    url = os.environ.get("REDIS_URL") or ""
    if url and not url.startswith(REDIS_SCHEMES):
        raise ImproperlyConfigured(
            "REDIS_URL cannot be read: give one as in redis://localhost:6379/0."
        )
    return url
