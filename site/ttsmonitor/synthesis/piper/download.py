"""Download Piper voices and check them before they count as installed."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from pathlib import Path

from tqdm import tqdm

from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.piper.sharing import like_parent, make_directory
from ttsmonitor.synthesis.piper.voices import (
    InstalledVoice,
    find_voice,
    piper_missing,
    read_voice,
)
from ttsmonitor.system.commands import manage_command

logger = logging.getLogger(__name__)

OFFLINE_HELP = (
    "Copy {name}.onnx and {name}.onnx.json from a machine that is online into {directory}, "
    "or: {command}"
)
PROGRESS_SECONDS = 0.2


def download_voice(name: str, directory: Path, *, force: bool = False) -> InstalledVoice:
    """Fetch a voice with Piper's own downloader and check it. It appears whole or not at all.

    Raises SynthesisError, with what to do where there is no network.
    """
    if not force and (directory / f"{name}.onnx").is_file():
        return _cut(_checked(find_voice(name, directory)))
    make_directory(directory)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".fetching-") as aside:
        _fetch(name, Path(aside), directory)
        return install_voice(Path(aside) / f"{name}.onnx", directory)


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
        shutil.copyfile(source, partial)
        like_parent(partial)
        partial.replace(directory / source.name)
    voice = read_voice(directory / model.name)
    if not voice.langs:
        logger.warning(
            "%s does not say its language (language.code or espeak.voice in its .json), so it reads"
            " only what names it",
            voice.name,
        )
    return _cut(voice)


def _fetch(name: str, aside: Path, directory: Path) -> None:
    try:
        from piper.download_voices import download_voice as piper_download
    except ImportError as exc:
        raise SynthesisError(piper_missing()) from exc
    failures: list[Exception] = []

    def fetch() -> None:
        try:
            piper_download(name, aside)
        except Exception as exc:
            failures.append(exc)

    # Piper's downloader says nothing while it works, so its growing files are watched.
    fetching = threading.Thread(target=fetch, name="ttsmonitor.download", daemon=True)
    fetching.start()
    with tqdm(desc=name, unit="B", unit_scale=True) as progress:
        while fetching.is_alive():
            fetching.join(PROGRESS_SECONDS)
            fetched = sum(path.stat().st_size for path in aside.iterdir())
            progress.update(fetched - progress.n)
    if failures:
        help_text = OFFLINE_HELP.format(
            name=name,
            directory=directory,
            command=manage_command(f"download_voice --from PATH/{name}.onnx"),
        )
        raise SynthesisError(f"{name} could not be fetched: {failures[0]}. {help_text}")


def _cut(voice: InstalledVoice) -> InstalledVoice:
    """Split the voice now, if possible; its first sentence would have to wait for that."""
    try:
        from ttsmonitor.synthesis.piper.stages import cut_stages

        cut_stages(voice.model)
    except ImportError:
        pass  # without Piper there is nothing to cut it with, and no use for it
    except SynthesisError as exc:
        logger.warning(
            "%s cannot be split into stages, so it is spoken sentence by sentence: %s",
            voice.name,
            exc,
        )
    return voice


def _checked(voice: InstalledVoice) -> InstalledVoice:
    """Return the voice if ONNX Runtime can load it; a truncated file cannot be loaded."""
    try:
        from ttsmonitor.synthesis.piper.stages import session
    except ImportError:
        return voice  # without Piper there is no runtime to ask, and no use for the voice
    try:
        session(voice.model)
    except Exception as exc:
        raise SynthesisError(
            f"{voice.model.name} is damaged: it is incomplete or not a voice. Download it again."
        ) from exc
    return voice
