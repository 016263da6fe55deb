"""Settings of the mirror: typed defaults, read when they are used.

A value comes from the environment, else from Django's settings, else from the default here.
An empty environment variable counts as not set, so `MOXIE_REQUIRE_LOGIN=` opens no door.

Another project may have an MQTT_PORT of its own. `MOXIE_TTS_MQTT_PORT` therefore wins over
`MQTT_PORT`, in the environment and in Django's settings, and likewise for every other name.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import Any, get_type_hints

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

from ttsmirror.reasons import Reason

PREFIX = "MOXIE_TTS_"
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
KINDS: dict[type, Reason] = {
    bool: Reason("1 or 0"),
    int: Reason("a whole number"),
    float: Reason("a number"),
    str: Reason("UTF-8 text"),
}
"""What the text of a setting has to be, by its type."""
WORK = Path("site/work")


class AppSettings:
    """The base of an app's settings: a class of annotated upper-case defaults."""

    def __getattribute__(self, name: str) -> Any:
        if not name.isupper():
            return super().__getattribute__(name)
        default = super().__getattribute__(name)
        kind = self._kinds[name]
        for key in (f"{PREFIX}{name}", name):
            if text := os.environ.get(key):
                return convert(key, text, kind)
            if (value := getattr(django_settings, key, None)) is not None:
                return convert(key, value, kind) if isinstance(value, str) else value
        return default

    def names(self) -> list[str]:
        """Return the names of all settings in the order of their definition."""
        return [name for name in self._kinds if name.isupper()]

    @cached_property
    def _kinds(self) -> dict[str, type]:
        """The type of each setting. Finding out takes 0.2 ms, before each first sound."""
        return get_type_hints(type(self))


def convert(name: str, value: str, kind: type) -> Any:
    """Convert the text of an environment variable to `kind`.

    Raises ImproperlyConfigured with a sentence for the person who set it.
    """
    try:
        if kind is bool:
            if value.lower() not in TRUE | FALSE:
                raise ValueError(value)
            return value.lower() in TRUE
        value.encode()
        return kind(value)
    except ValueError as exc:
        shown = name if kind is str else f"{name}={value!r}"  # do not log a password
        raise ImproperlyConfigured(
            Reason("{setting}: give {kind}.", setting=shown, kind=KINDS[kind])
        ) from exc


def _root() -> Path:
    return Path(getattr(django_settings, "PROJECT_ROOT", Path.cwd()))


class MirrorSettings(AppSettings):
    """Settings of the publisher and of everything else that talks MQTT."""

    MQTT_HOST: str = "localhost"
    """Name or address of the broker."""
    MQTT_PORT: int = 1883
    """Port of the broker without TLS."""
    MQTT_SSL_PORT: int = 8883
    """Port of the broker with TLS, used when MQTT_TLS is on, and by robots."""
    MQTT_TLS: bool = False
    """Speak TLS to the broker."""
    MQTT_CA_CERTS: str = ""
    """Path of the certificates that sign the broker's; empty: the system's."""
    MQTT_USERNAME: str = ""
    """Account at the broker; empty: anonymous."""
    MQTT_PASSWORD: str = ""
    """Password of that account."""
    MQTT_TOPIC: str = "moxie/tts/text"
    """Topic of the sentences."""
    MQTT_TOPIC_PER_DEVICE: bool = False
    """Publish each robot's sentences on its own topic, `MQTT_TOPIC/<device id>`. Subscribers always
    listen to both."""
    MQTT_QOS: int = 1
    """MQTT quality of service of the sentences: 0, 1 or 2."""
    MQTT_KEEPALIVE: int = 8
    """Seconds between keep-alive packets on a silent connection. A dead one is noticed after twice
    as long."""
    TTS_OUTBOX_ROWS: int = 10_000
    """Maximum number of unconfirmed sentences in the outbox; beyond it the oldest are dropped."""
    TTS_OUTBOX_HOURS: float = 24.0
    """Hours the publisher keeps an unconfirmed sentence."""
    TTS_RETRY_SECONDS: float = 30.0
    """Seconds after which an unconfirmed sentence is published again; longer each time."""
    TTS_HISTORY_DAYS: int = 0
    """Days after which sentences are deleted from the history; 0: never."""

    def path(self, name: str) -> Path:
        """Return a setting that is a path; a relative one starts at the project's root.

        A path in `site/work` moves with MOXIE_WORK_DIR.
        """
        path = Path(getattr(self, name)).expanduser()
        if path.is_relative_to(WORK):
            return self.work_dir / path.relative_to(WORK)
        return _root() / path

    @property
    def work_dir(self) -> Path:
        """The directory of everything made at run time: MOXIE_WORK_DIR, else `site/work`."""
        return Path(getattr(django_settings, "WORK_DIR", _root() / WORK))

    @property
    def ca_certs(self) -> str | None:
        """Path of the certificates that sign the broker's; None: the system's."""
        return str(self.path("MQTT_CA_CERTS")) if self.MQTT_CA_CERTS else None

    @property
    def broker_port(self) -> int:
        """The port in use, with or without TLS."""
        return self.MQTT_SSL_PORT if self.MQTT_TLS else self.MQTT_PORT


conf = MirrorSettings()
