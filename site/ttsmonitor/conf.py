"""Settings of the speech service: typed defaults, read when they are used.

A value comes from the environment, else from Django's settings, else from the class here. So an
OpenMoxie checkout can set any of them in either place, and a test can override them. An empty
variable counts as none: a line such as `MOXIE_REQUIRE_LOGIN=` opens no door.

Another project may have an MQTT_PORT of its own. So `MOXIE_TTS_MQTT_PORT` wins over `MQTT_PORT`, in
both places, and likewise for every other name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, get_type_hints

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured

PREFIX = "MOXIE_TTS_"
TRUE = {"1", "true", "yes", "on"}
WORK = Path("site/work")
FALSE = {"0", "false", "no", "off"}


class AppSettings:
    """Base of an app's settings: a class of annotated upper-case defaults."""

    def __getattribute__(self, name: str) -> Any:
        if not name.isupper():
            return super().__getattribute__(name)
        default = super().__getattribute__(name)
        kind = get_type_hints(type(self))[name]
        for key in (f"{PREFIX}{name}", name):
            if text := os.environ.get(key):
                return convert(key, text, kind)
            if (value := getattr(django_settings, key, None)) is not None:
                return convert(key, value, kind) if isinstance(value, str) else value
        return default

    def names(self) -> list[str]:
        """The names of all settings, in the order of their definition."""
        return [name for name in get_type_hints(type(self)) if name.isupper()]


def convert(name: str, value: str, kind: type) -> Any:
    """Turn the text of an environment variable into `kind`.

    Raises ImproperlyConfigured, in words for whoever typed the value.
    """
    try:
        if kind is bool:
            if value.lower() not in TRUE | FALSE:
                raise ValueError(value)
            return value.lower() in TRUE
        value.encode()
        return kind(value)
    except ValueError as exc:
        words = {bool: "1 or 0", int: "a whole number", float: "a number", str: "UTF-8 text"}
        shown = name if kind is str else f"{name}={value!r}"  # a password is not for the log
        raise ImproperlyConfigured(f"{shown}: give {words[kind]}.") from exc


def _root() -> Path:
    return Path(getattr(django_settings, "PROJECT_ROOT", Path.cwd()))


class TTSSettings(AppSettings):
    """What the speech service and everything that talks MQTT can be told."""

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
    """Topic of what is to be spoken."""
    MQTT_TOPIC_PER_DEVICE: bool = False
    """Publish what a robot says on a topic of its own, `MQTT_TOPIC/<device id>`. Subscribers always
    listen to both."""
    MQTT_QOS: int = 1
    """Quality of service of what is to be spoken: 0, 1 or 2."""
    MQTT_KEEPALIVE: int = 60
    """Seconds between keep-alive packets on a silent connection."""

    TTS_ENGINE: str = "auto"
    """`piper`, `espeak`, or `auto`: Piper where a voice of the text's language is installed."""
    TTS_VOICE: str = "es_ES-davefx-medium"
    """Name of the Piper voice; it reads texts in its own language only."""
    TTS_VOICE_DIR: str = "site/work/voices"
    """Directory of installed voices; a relative path starts at the project's root."""
    PIPER_MODEL: str = ""
    """Path of a Piper voice (`.onnx`); wins over TTS_VOICE."""
    TTS_LOADED_MB: int = 400
    """Megabytes of memory up to which voices stay loaded: 80, and 1.65 times a voice's file. The
    process may allocate 1500 more, or half of the computer's memory if that is less."""
    TTS_LANG: str = "es"
    """Language (BCP 47) of a text that does not name its own: a Piper voice of it reads it, else
    eSpeak NG."""

    TTS_AUDIO: str = "auto"
    """`pyaudio`, `browser`, `wav`, `null`, several with commas, or `auto`: PyAudio where a device
    is, and browsers in any case."""
    TTS_AUDIO_DEVICE: str = ""
    """Name (or part of it) or index of the sound device; empty: the system's default."""
    TTS_PREROLL_MS: int = 0
    """Milliseconds of silence before the first sound after five quiet seconds, for a Bluetooth or
    HDMI loudspeaker that swallows the first syllable while it wakes up."""
    TTS_WAV_DIR: str = "site/work/wav"
    """Directory of the `wav` output, a file per utterance."""

    TTS_TTL: int = 120
    """Seconds after which a sentence that still waits is not spoken any more."""
    TTS_QUEUE_LIMIT: int = 500
    """Sentences that wait to be spoken, at most; of more, the oldest are skipped, first those that
    are too old anyway, last those of high priority."""
    TTS_BREATH_CHARACTERS: int = 0
    """Short sentences of one robot that wait together are spoken without a pause, up to so many
    characters in all; 0: each on its own."""
    TTS_HISTORY_DAYS: int = 0
    """Days after which what was said is forgotten; 0: never."""
    TTS_CACHE_MB: int = 256
    """Megabytes of finished sound kept on disk: what is said often starts at once; 0: none."""
    TTS_CACHE_DIR: str = "site/work/sounds"
    """Directory of that sound."""
    TTS_CHUNK_WAIT_SECONDS: float = 5.0
    """Seconds to wait for a missing chunk before the others are spoken without it."""
    TTS_DRAIN_SECONDS: float = 8.0
    """Seconds that a stopping service takes at most to finish the sentence."""
    TTS_OUTBOX_ROWS: int = 10_000
    """Unconfirmed sentences the publisher keeps at most; the oldest fall out."""
    TTS_OUTBOX_HOURS: float = 24.0
    """Hours the publisher keeps an unconfirmed sentence."""
    TTS_RETRY_SECONDS: float = 30.0
    """Seconds after which an unconfirmed sentence is published again; longer each time."""

    HTTP_HOST: str = "127.0.0.1"
    """Address the web servers listen on; `0.0.0.0` opens them to the network."""
    HTTP_PORT: int = 8787
    """Port of the monitor."""
    MOXIE_REQUIRE_LOGIN: bool = True
    """Pages and API need a login; 0 opens them to whoever reaches the port."""

    def path(self, name: str) -> Path:
        """A setting that is a path; a relative one starts at the project's root.

        One in `site/work` is in the work directory, wherever MOXIE_WORK_DIR has put that.
        """
        path = Path(getattr(self, name)).expanduser()
        if path.is_relative_to(WORK):
            return self.work_dir / path.relative_to(WORK)
        return _root() / path

    @property
    def work_dir(self) -> Path:
        """Where what is made here is kept: MOXIE_WORK_DIR, else `site/work` in the project."""
        return Path(getattr(django_settings, "WORK_DIR", _root() / WORK))

    @property
    def ca_certs(self) -> str | None:
        """Path of the certificates that sign the broker's; None: the system's."""
        return str(self.path("MQTT_CA_CERTS")) if self.MQTT_CA_CERTS else None

    @property
    def broker_port(self) -> int:
        """The port in use: with or without TLS."""
        return self.MQTT_SSL_PORT if self.MQTT_TLS else self.MQTT_PORT


conf = TTSSettings()
