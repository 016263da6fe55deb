"""The catalogue of published Piper voices: what can be installed, how large it is, its checksums.

`catalogue.json` beside this file lists the Spanish and English voices, in the format of the
collection's own `voices.json`, so that the pages can offer them without internet.
"""

from __future__ import annotations

import json
import re
import socket
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import URLError

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.piper.voices import SUGGESTED

TIMEOUT_SECONDS = 15.0
"""Time limit for each answer of the source, in seconds."""
MOST_BYTES = 8_000_000
"""Size limit of a downloaded catalogue, in bytes; the published one has a quarter of a million."""
NAME = re.compile(r"(?P<lang>[a-z]{2,3}_[A-Z]{2})-[\w]+-(?P<quality>x_low|low|medium|high)")
"""The form of a published voice's name, as in es_ES-davefx-medium."""
QUALITIES = ("high", "medium", "low", "x_low")
RECOMMENDED = {*SUGGESTED.values(), "es_MX-claude-high"}
"""Voices that are offered first: clear, quick enough for a small computer, and free for any use."""

Catalogue = Mapping[str, "PublishedVoice"]
"""Published voices by name."""


@dataclass(frozen=True)
class PublishedFile:
    """A file of a published voice."""

    path: str
    """Path below the address of the source."""
    size_bytes: int
    checksum: str
    """Hexadecimal digest by `algorithm`."""
    algorithm: str = "md5"

    @property
    def name(self) -> str:
        """Its name without directories."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class PublishedVoice:
    """A voice that can be installed."""

    name: str
    lang: str
    """Its language and region, as in es_MX."""
    quality: str
    """One of QUALITIES."""
    speakers: int
    licence: str
    """Short name of its licence; empty: its model card tells."""
    files: tuple[PublishedFile, ...]
    """The description, then the model."""

    @property
    def size_bytes(self) -> int:
        """Bytes to download."""
        return sum(file.size_bytes for file in self.files)

    @property
    def is_recommended(self) -> bool:
        """True if it is offered first."""
        return self.name in RECOMMENDED

    @property
    def sample_path(self) -> str:
        """Path of its spoken sample, an MP3 file, below the address of the source."""
        return self.files[0].path.rpartition("/")[0] + "/samples/speaker_0.mp3"

    @property
    def card_path(self) -> str:
        """Path of its model card, which tells its licence, below the address of the source."""
        return self.files[0].path.rpartition("/")[0] + "/MODEL_CARD"


@cache
def bundled_catalogue() -> Catalogue:
    """Return the Spanish and English voices that were published when this version was made."""
    return _parse(json.loads(Path(__file__).with_name("catalogue.json").read_text("utf-8")))


def fetch_catalogue(source: str) -> Catalogue:
    """Return the voices that `source` publishes now. Raises SynthesisError if it cannot be had."""
    try:
        with open_url(f"{source.rstrip('/')}/voices.json") as answer:
            content = answer.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise ValueError(f"more than {MOST_BYTES} bytes")
        return _parse(json.loads(content))
    except (OSError, HTTPException, ValueError, RecursionError, AttributeError) as exc:
        raise SynthesisError(
            Reason(
                "the list of voices cannot be fetched from {source}: {cause}",
                source=source,
                cause=network_cause(exc),
            )
        ) from exc


def fetch_sample(voice: PublishedVoice, source: str) -> bytes:
    """Return the spoken sample of a voice as an MP3 file. Raises SynthesisError."""
    try:
        with open_url(f"{source.rstrip('/')}/{voice.sample_path}") as answer:
            content: bytes = answer.read(MOST_BYTES)
    except (OSError, HTTPException, ValueError) as exc:
        raise SynthesisError(
            Reason(
                "there is no sample of {name}: {cause}", name=voice.name, cause=network_cause(exc)
            )
        ) from exc
    return content


def network_cause(exc: Exception) -> str:
    """Return why a download failed: a Reason in plain words for the causes that a family meets."""
    cause = exc.reason if isinstance(exc, URLError) else exc
    if isinstance(cause, socket.gaierror):
        return Reason("this computer does not reach the internet")
    if isinstance(cause, TimeoutError):
        return Reason("the internet does not answer in time")
    if isinstance(cause, ConnectionError):
        return Reason("the connection was refused, or it broke off")
    return str(exc)


def open_url(url: str) -> Any:
    """Open an http or https address. Raises OSError, ValueError for any other address."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url} is no http address")
    request = urllib.request.Request(url, headers={"User-Agent": "moxie-tts"})  # noqa: S310
    return urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310  see above


def _parse(listed: Mapping[str, Any]) -> Catalogue:
    """Read the format of voices.json; an entry that is not understood is left out."""
    voices = {}
    for name, entry in listed.items():
        try:
            voice = _voice(name, entry)
        except (KeyError, TypeError, ValueError, AttributeError):
            continue
        voices[name] = voice
    return voices


def _voice(name: str, entry: Mapping[str, Any]) -> PublishedVoice:
    form = NAME.fullmatch(name)
    if form is None:
        raise ValueError(name)
    files = tuple(_file(f"{name}{suffix}", entry["files"]) for suffix in (".onnx.json", ".onnx"))
    return PublishedVoice(
        name=name,
        lang=form["lang"],
        quality=form["quality"],
        speakers=int(entry["num_speakers"]),
        licence=str(entry.get("licence") or _known_licence(name)),
        files=files,
    )


def _file(name: str, files: Mapping[str, Any]) -> PublishedFile:
    (path,) = (each for each in files if each.rpartition("/")[2] == name)
    if ".." in path.split("/"):
        raise ValueError(path)
    size, md5 = int(files[path]["size_bytes"]), str(files[path]["md5_digest"]).lower()
    if size <= 0 or not re.fullmatch(r"[0-9a-f]{32}", md5):
        raise ValueError(path)
    return PublishedFile(path, size, md5)


@cache
def _licences() -> dict[str, str]:
    listed = json.loads(Path(__file__).with_name("catalogue.json").read_text("utf-8"))
    return {name: entry.get("licence", "") for name, entry in listed.items()}


def _known_licence(name: str) -> str:
    """Return the licence of a bundled voice; the collection's own list names none."""
    return _licences().get(name, "")
