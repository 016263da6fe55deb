"""Download a Piper voice or Kokoro, or install voices that were copied here."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from tqdm import tqdm

from ttsmirror.reasons import Reason
from ttsmirror.translations import translate
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import VoiceNotFoundError
from ttsmonitor.synthesis.kokoro.download import SIZE_BYTES, download_kokoro
from ttsmonitor.synthesis.kokoro.provider import ENGINE as KOKORO
from ttsmonitor.synthesis.kokoro.provider import KokoroProvider
from ttsmonitor.synthesis.piper.download import download_voice, install_voice
from ttsmonitor.synthesis.piper.voices import (
    InstalledVoice,
    default_name,
    installed_voices,
)
from ttsmonitor.system.terminal_command import TerminalCommand


def voice_name(name: str) -> str:
    """Check a name such as es_ES-davefx-medium, or kokoro."""
    if name != KOKORO and not re.fullmatch(
        r"[a-z]{2,3}_[A-Z]{2}-[^-/\\]+-(x_low|low|medium|high)", name
    ):
        words = _("{name} is not a voice name, such as es_ES-davefx-medium or es_MX-claude-high.")
        raise argparse.ArgumentTypeError(words.format(name=repr(name)))
    return name


class Command(TerminalCommand):
    """Install a voice."""

    help = "Fetch a Piper voice, or the voices of Kokoro, and check them, with a progress bar."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "name", type=voice_name, nargs="?", help="as in es_ES-davefx-medium, or kokoro"
        )
        parser.add_argument(
            "--from",
            dest="source",
            type=Path,
            help="a .onnx file, or a directory of them",
        )
        parser.add_argument("--list", action="store_true", help="the voices that are installed")
        parser.add_argument("--force", action="store_true", help="fetch it again")

    def handle(self, *args: Any, **options: Any) -> None:
        """Install the voice and print which texts it reads."""
        directory = conf.path("TTS_VOICE_DIR")
        if options["list"]:
            for voice in installed_voices(directory):
                lang = voice.langs[0] if voice.langs else "?"
                self.stdout.write(f"{voice.name}  {lang}  {voice.sample_rate} Hz")
            return
        if options["name"] == KOKORO:
            self._get_kokoro(directory)
            return
        if options["source"]:
            voices = _install(options["source"], directory)
        else:
            name = options["name"] or default_name(conf.TTS_LANG, conf.TTS_VOICE)
            voices = [_download(name, directory, force=options["force"])]
        words = _("{name} is installed in {directory} ({rate} Hz).")
        for voice in voices:
            self.stdout.write(
                words.format(name=voice.name, directory=directory, rate=voice.sample_rate)
            )

    def _get_kokoro(self, directory: Path) -> None:
        """Download Kokoro, and say what it still needs."""
        with tqdm(desc=KOKORO, total=SIZE_BYTES, unit="B", unit_scale=True) as bar:
            installed = download_kokoro(directory, lambda fetched_bytes: _show(bar, fetched_bytes))
        words = _("Kokoro's voices are installed in {directory}.")
        self.stdout.write(words.format(directory=installed))
        if reason := KokoroProvider().unavailable():
            self.stderr.write(translate(reason))


def _install(source: Path, directory: Path) -> list[InstalledVoice]:
    """Install a voice, or all voices of a directory. Raises SynthesisError."""
    if not source.is_dir():
        return [install_voice(source, directory)]
    models = sorted(source.glob("*.onnx"))
    if not models:
        raise VoiceNotFoundError(
            Reason(
                "{path} has no voice: a voice is a .onnx file with its .onnx.json beside it",
                path=str(source),
            )
        )
    return [install_voice(model, directory) for model in models]


def _download(name: str, directory: Path, *, force: bool) -> InstalledVoice:
    """Download a voice with a progress bar. Raises SynthesisError."""
    with tqdm(desc=name, unit="B", unit_scale=True) as bar:
        return download_voice(
            name,
            directory,
            conf.TTS_VOICE_SOURCE,
            force=force,
            on_found=lambda voice: bar.reset(voice.size_bytes),
            on_progress=lambda fetched_bytes: _show(bar, fetched_bytes),
        )


def _show(bar: Any, fetched_bytes: int) -> None:
    bar.update(fetched_bytes - bar.n)
