"""Download Piper voices and check them before they count as installed."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path

from ttsmirror.reasons import Reason, reason_of
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.synthesis.piper.catalogue import (
    Catalogue,
    PublishedFile,
    PublishedVoice,
    bundled_catalogue,
    fetch_catalogue,
    network_cause,
    open_url,
)
from ttsmonitor.synthesis.piper.fingerprint import stages_name
from ttsmonitor.synthesis.piper.sharing import like_parent, make_directory
from ttsmonitor.synthesis.piper.voices import (
    InstalledVoice,
    find_voice,
    read_voice,
)
from ttsmonitor.system.file_lock import lock_file

logger = logging.getLogger(__name__)

UNFINISHED = ".fetching-"
LOCK = "lock"
"""How the directory begins into which a voice is downloaded."""
BLOCK_BYTES = 256 * 1024
SPARE_BYTES = 20_000_000
"""Disk space that is to stay free beside the voice and its stages, in bytes."""
RUN_SECONDS = 180.0
"""Time limit to check a voice, and to split it, in seconds."""

Progress = Callable[[int], None]
"""Called with the bytes fetched so far; may raise CancelledInstallError."""


class CancelledInstallError(SynthesisError):
    """The installation was cancelled."""


def download_voice(
    name: str,
    directory: Path,
    source: str,
    *,
    force: bool = False,
    on_progress: Progress = lambda fetched_bytes: None,
    on_found: Callable[[PublishedVoice], None] = lambda voice: None,
) -> InstalledVoice:
    """Fetch a voice from `source` and check it. It appears whole or not at all.

    `on_found` is called with its catalogue entry before the download. Raises SynthesisError, with
    what to do where there is no network.
    """
    if not force and (directory / f"{name}.onnx").is_file():
        return _cut(_checked(find_voice(name, directory)))
    published = _find_published(name, source)
    on_found(published)
    with fetched_files(published.files, source, directory, on_progress) as aside:
        return install_voice(aside / f"{name}.onnx", directory)


@contextmanager
def fetched_files(
    files: Sequence[PublishedFile],
    source: str,
    directory: Path,
    on_progress: Progress = lambda fetched_bytes: None,
) -> Iterator[Path]:
    """Download and check files into a directory beside the voices, which is deleted afterwards.

    Raises SynthesisError, with what to do where there is no network.
    """
    try:
        make_directory(directory)
        clean_unfinished(directory)
        _ensure_room(directory, sum(file.size_bytes for file in files))
        with _unfinished(directory) as aside:
            fetched = 0
            for file in files:
                _fetch(file, source, aside, lambda more, done=fetched: on_progress(done + more))  # type: ignore[misc]
                fetched += file.size_bytes
            yield aside
    except OSError as exc:
        raise _failed(files, directory, exc) from exc


def install_voice(model: Path, directory: Path) -> InstalledVoice:
    """Check the voice in `model` (its `.onnx.json` beside it) and put it into `directory`.

    Raises SynthesisError where it is broken; then nothing is installed.
    """
    _checked(read_voice(model))
    make_directory(directory)
    # The model last: a voice counts as installed by its model.
    for suffix in (".onnx.json", ".onnx"):
        source = model.with_name(model.name.removesuffix(".onnx") + suffix)
        partial = directory / f".{source.name}.partial"
        try:
            shutil.copyfile(source, partial)
            like_parent(partial)
            partial.replace(directory / source.name)
        except OSError as exc:
            partial.unlink(missing_ok=True)
            raise SynthesisError(_disk_reason(directory, exc)) from exc
    voice = read_voice(directory / model.name)
    if not voice.langs:
        logger.warning(
            "%s does not say its language (language.code or espeak.voice in its .json), so it reads"
            " only what names it",
            voice.name,
        )
    return _cut(voice)


def importable_voices(directory: Path) -> list[tuple[str, str]]:
    """Return the voices that were copied into `directory`, each with what is wrong with it."""
    found = []
    for model in sorted(directory.glob("*.onnx")):
        try:
            read_voice(model)
            found.append((model.name.removesuffix(".onnx"), ""))
        except SynthesisError as exc:
            found.append((model.name.removesuffix(".onnx"), reason_of(exc)))
    return found


def remove_voice(name: str, directory: Path) -> None:
    """Delete an installed voice with its stages. Raises VoiceNotFoundError, SynthesisError."""
    model = find_voice(name, directory).model
    stages = directory / ".stages" / stages_name(model)
    try:
        model.unlink()  # first: a voice counts as installed by its model
        model.with_name(f"{model.name}.json").unlink(missing_ok=True)
    except OSError as exc:
        raise SynthesisError(_disk_reason(directory, exc)) from exc
    shutil.rmtree(stages, ignore_errors=True)


def clean_unfinished(directory: Path) -> None:
    """Delete what a process left that ended in the middle of a download."""
    for left in directory.glob(f"{UNFINISHED}*"):
        with suppress(OSError), _locked(left):
            shutil.rmtree(left, ignore_errors=True)


def _find_published(name: str, source: str) -> PublishedVoice:
    """Return the entry of a voice: the source's own, else the bundled one.

    A file may have been replaced since this version was made, so the source is asked first.
    """
    catalogues: list[Catalogue] = [bundled_catalogue()]
    failure: SynthesisError | None = None
    try:
        catalogues.insert(0, fetch_catalogue(source))
    except SynthesisError as exc:
        failure = exc
    for catalogue in catalogues:
        if name in catalogue:
            return catalogue[name]
    if failure is not None:
        raise failure
    raise VoiceNotFoundError(Reason("{source} has no voice {name}", source=source, name=name))


def _fetch(file: PublishedFile, source: str, aside: Path, on_progress: Progress) -> None:
    """Download a file and check its size and checksum. Raises OSError, SynthesisError."""
    digest, fetched = hashlib.new(file.algorithm, usedforsecurity=False), 0
    try:
        with (
            open_url(f"{source.rstrip('/')}/{file.path}") as answer,
            (aside / file.name).open("wb") as target,
        ):
            while block := answer.read(BLOCK_BYTES):
                fetched += len(block)
                if fetched > file.size_bytes:
                    break
                digest.update(block)
                target.write(block)
                on_progress(fetched)
    except (HTTPException, ValueError) as exc:  # the connection ended early; no http address
        raise OSError(str(exc)) from exc
    if fetched != file.size_bytes or digest.hexdigest() != file.checksum:
        raise SynthesisError(
            Reason(
                "{file} arrived damaged: its checksum is not that of the catalogue. It was deleted;"
                " try again, and if that does not help, tell whoever runs {source}",
                file=file.name,
                source=source,
            )
        )


@contextmanager
def _unfinished(directory: Path) -> Iterator[Path]:
    """Yield a directory for a download; clean_unfinished() leaves it alone meanwhile."""
    with tempfile.TemporaryDirectory(dir=directory, prefix=UNFINISHED) as aside:
        with _locked(Path(aside)):
            yield Path(aside)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Lock a directory. The system unlocks it when the process ends. Raises OSError if locked."""
    with open(directory / LOCK, "w") as lock:
        lock_file(lock.fileno())
        yield


def _ensure_room(directory: Path, size_bytes: int) -> None:
    """Raise SynthesisError if the disk has no room for a voice.

    A voice is there three times for a moment: downloaded, copied, and split into stages.
    """
    needed, free = 3 * size_bytes + SPARE_BYTES, shutil.disk_usage(directory).free
    if free < needed:
        raise SynthesisError(
            Reason(
                "the disk of {path} is too full: {needed} MB are needed, {free} MB are free."
                " Delete something, then try again",
                path=str(directory),
                needed=needed // 1_000_000,
                free=free // 1_000_000,
            )
        )


def _failed(files: Sequence[PublishedFile], directory: Path, exc: OSError) -> SynthesisError:
    """Return why a download failed, with what to do."""
    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
        return SynthesisError(_disk_reason(directory, exc))
    names = [file.name for file in files]
    return SynthesisError(
        Reason(
            "{name} could not be fetched: {cause}. Without internet: copy {files} from a computer"
            " that is online into {directory}",
            name=names[-1].removesuffix(".onnx"),
            cause=network_cause(exc),
            files=", ".join(names),
            directory=str(directory),
        )
    )


def _disk_reason(directory: Path, exc: OSError) -> Reason:
    return Reason(
        "{path} cannot be written: {cause}", path=str(directory), cause=exc.strerror or str(exc)
    )


def _cut(voice: InstalledVoice) -> InstalledVoice:
    """Split the voice now, if possible; its first sentence would have to wait for that."""
    if failure := _run("cut", voice.model):
        logger.warning(
            "%s cannot be split into stages, so it is spoken sentence by sentence: %s",
            voice.name,
            failure,
        )
    return voice


def _checked(voice: InstalledVoice) -> InstalledVoice:
    """Return the voice if ONNX Runtime can load it; a truncated file cannot be loaded."""
    if _run("check", voice.model):
        raise SynthesisError(
            Reason(
                "{file} is damaged: it is incomplete or not a voice. Download it again.",
                file=voice.model.name,
            )
        )
    return voice


def _run(action: str, model: Path) -> str:
    """Run an action of stages.py on a voice; return why it failed, or an empty string.

    It runs in a process of its own: it needs hundreds of megabytes, and the speech service plays
    meanwhile. Without Piper nothing is run: there is no use for the voice either.
    """
    if find_spec("onnxruntime") is None:
        return ""
    command = [sys.executable, "-m", "ttsmonitor.synthesis.piper.stages", action, str(model)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            command, env=environment, capture_output=True, text=True, timeout=RUN_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Reason("it took more than {seconds} s", seconds=round(RUN_SECONDS))
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return lines[-1] if done.returncode else ""
