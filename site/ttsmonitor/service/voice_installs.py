"""Installation of voices in the background, for the pages."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ttsmirror.reasons import reason_of
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.piper.catalogue import (
    Catalogue,
    PublishedVoice,
    bundled_catalogue,
    fetch_catalogue,
)
from ttsmonitor.synthesis.piper.download import (
    CancelledInstallError,
    clean_unfinished,
    download_voice,
    install_voice,
)

logger = logging.getLogger(__name__)

ACTIVE = ("waiting", "fetching", "checking")
"""States of an installation that is not over."""


@dataclass
class Install:
    """The installation of a voice."""

    name: str
    model: Path | None = None
    """The file to install; None: it is downloaded."""
    state: str = "waiting"
    """One of ACTIVE, or `done`, `failed`, `cancelled`."""
    fetched_bytes: int = 0
    total_bytes: int = 0
    error: str = ""
    """Why it failed."""
    is_cancelled: bool = False

    @property
    def is_active(self) -> bool:
        """True until it is over."""
        return self.state in ACTIVE


class VoiceInstaller:
    """Installs one voice after the other on a thread. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._installs: dict[str, Install] = {}
        self._queue: deque[Install] = deque()
        self._is_working = False
        self._catalogues: dict[str, Catalogue] = {}

    @property
    def catalogue(self) -> Catalogue:
        """The voices that can be installed: those that refresh() found, else the bundled ones."""
        return self._catalogues.get(conf.TTS_VOICE_SOURCE) or bundled_catalogue()

    def refresh(self) -> None:
        """Fetch the list of the source. Raises SynthesisError."""
        source = conf.TTS_VOICE_SOURCE
        self._catalogues[source] = fetch_catalogue(source)

    def installs(self) -> list[Install]:
        """Return the newest installation of each voice, oldest first."""
        with self._lock:
            return list(self._installs.values())

    def download(self, name: str) -> Install:
        """Begin to download a voice, unless that is going on."""
        known = self.catalogue.get(name)
        return self._begin(Install(name, total_bytes=known.size_bytes if known else 0))

    def take(self, model: Path) -> Install:
        """Begin to install a voice from this file, unless that is going on."""
        size = model.stat().st_size if model.is_file() else 0
        return self._begin(Install(model.name.removesuffix(".onnx"), model, total_bytes=size))

    def cancel(self, name: str) -> bool:
        """Cancel an installation; return False if none is going on."""
        with self._lock:
            install = self._installs.get(name)
            if install is None or not install.is_active:
                return False
            install.is_cancelled = True
            if install in self._queue:
                self._queue.remove(install)
                install.state = "cancelled"
            return True

    def forget(self, name: str) -> None:
        """Drop an installation that is over."""
        with self._lock:
            install = self._installs.get(name)
            if install is not None and not install.is_active:
                del self._installs[name]

    def stop(self) -> None:
        """Cancel what is going on. Idempotent; waits for nothing."""
        for install in self.installs():
            self.cancel(install.name)

    def _begin(self, install: Install) -> Install:
        with self._lock:
            known = self._installs.get(install.name)
            if known is not None and known.is_active:
                return known
            self._installs.pop(install.name, None)
            self._installs[install.name] = install
            self._queue.append(install)
            if not self._is_working:
                self._is_working = True
                threading.Thread(
                    target=self._work, name="ttsmonitor.voice_installs", daemon=True
                ).start()
        return install

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._is_working = False
                    return
                install = self._queue.popleft()
                install.state = "fetching" if install.model is None else "checking"
            _perform(install)


def _perform(install: Install) -> None:
    """Carry out an installation, whose state then tells its outcome."""
    directory = conf.path("TTS_VOICE_DIR")
    try:
        if install.model is not None:
            install_voice(install.model, directory)
        else:
            download_voice(
                install.name,
                directory,
                conf.TTS_VOICE_SOURCE,
                force=True,
                on_found=_note_size(install),
                on_progress=_note_progress(install),
            )
    except CancelledInstallError:
        install.state = "cancelled"
        logger.info("installation of the voice %s cancelled", install.name)
    except SynthesisError as exc:
        if install.is_cancelled:  # while it waited for the network
            install.state = "cancelled"
            return
        install.error, install.state = reason_of(exc), "failed"
        logger.warning("the voice %s was not installed: %s", install.name, install.error)
    except Exception as exc:
        logger.exception("the voice %s was not installed", install.name)
        install.error, install.state = repr(exc), "failed"
    else:
        install.state = "done"
        logger.info("the voice %s is installed", install.name)


def _note_size(install: Install) -> Callable[[PublishedVoice], None]:
    def note(voice: PublishedVoice) -> None:
        install.total_bytes = voice.size_bytes

    return note


def _note_progress(install: Install) -> Callable[[int], None]:
    def note(fetched_bytes: int) -> None:
        if install.is_cancelled:
            raise CancelledInstallError
        install.fetched_bytes = fetched_bytes
        if fetched_bytes >= install.total_bytes:
            install.state = "checking"

    return note


installer = VoiceInstaller()
"""The installer of this process."""


def clean_up() -> None:
    """Delete what an earlier process left of an installation."""
    directory = conf.path("TTS_VOICE_DIR")
    if directory.is_dir():
        clean_unfinished(directory)
