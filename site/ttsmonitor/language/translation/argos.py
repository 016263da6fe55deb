"""Offline translation with the models of Argos Translate.

A package of Argos Translate is a directory with `metadata.json`, a CTranslate2 model and a
SentencePiece model. They are run by these two libraries: Argos Translate itself brings PyTorch,
for a sentence splitter that is not needed here.
"""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import TranslationError
from ttsmonitor.language.translation.base import Request, TranslationEngine, language_code
from ttsmonitor.system.commands import python_command

PIVOT = "en"
"""Most models translate from or into it; other pairs take two steps."""
MAX_TOKENS = 256
BEAM_SIZE = 4
THREADS = 1
"""The other core is for the voice."""


@dataclass(frozen=True)
class Package:
    """An installed model for one pair of languages."""

    directory: Path
    source: str
    target: str
    version: str
    target_prefix: str

    @classmethod
    def read(cls, directory: Path) -> Package:
        """Read its description. Raises OSError, ValueError or KeyError for anything else."""
        described = json.loads((directory / "metadata.json").read_text(encoding="utf-8"))
        return cls(
            directory,
            str(described["from_code"]),
            str(described["to_code"]),
            str(described.get("package_version", "")),
            str(described.get("target_prefix", "")),
        )

    @property
    def is_usable(self) -> bool:
        """Return True if it has the files that are needed."""
        return (self.directory / "sentencepiece.model").is_file() and (
            self.directory / "model" / "model.bin"
        ).is_file()


class Argos(TranslationEngine):
    """The models below a directory, each loaded when it is first needed."""

    name = "argos"

    def __init__(self, directory: Path) -> None:
        """Use the packages in `directory`."""
        self._directory = directory
        self._lock = threading.Lock()
        self._loaded: dict[Path, tuple[Any, Any]] = {}

    def unavailable(self, source: str, target: str) -> str:
        """Return what is missing: the libraries or a model for these languages."""
        for library in ("ctranslate2", "sentencepiece"):
            if importlib.util.find_spec(library) is None:
                return Reason(
                    "the package {name} is not installed: {command}",
                    name=library,
                    command=python_command("-m pip install -r requirements-argos.txt"),
                )
        if not self._path(source, target):
            return Reason(
                "no model of Argos Translate from {source} into {target} in {directory}",
                source=language_code(source),
                target=language_code(target),
                directory=str(self._directory),
            )
        return ""

    def variant(self) -> str:
        """Return the installed packages with their versions."""
        return " ".join(f"{each.source}-{each.target}-{each.version}" for each in self._packages())

    def translate(self, request: Request, timeout_seconds: float) -> str:
        """Run the model, or two over English. Raises TranslationError."""
        path = self._path(request.source, request.target)
        if not path:
            raise TranslationError(self.unavailable(request.source, request.target))
        words = request.sentence
        for package in path:
            words = self._run(package, words)
        return words

    def _packages(self) -> Iterator[Package]:
        for described in sorted(self._directory.glob("*/metadata.json")):
            try:
                package = Package.read(described.parent)
            except (OSError, ValueError, KeyError, TypeError):
                continue  # not a package of Argos Translate
            if package.is_usable:
                yield package

    def _path(self, source: str, target: str) -> Sequence[Package]:
        """Return the packages to run in this order; empty if there is no way."""
        known = {(each.source, each.target): each for each in self._packages()}
        begin, end = language_code(source), language_code(target)
        if (begin, end) in known:
            return [known[begin, end]]
        steps = [(begin, PIVOT), (PIVOT, end)]
        return [known[each] for each in steps] if all(each in known for each in steps) else []

    def _run(self, package: Package, sentence: str) -> str:
        try:
            pieces, translator = self._load(package)
            prefix = [[package.target_prefix]] if package.target_prefix else None
            results = translator.translate_batch(
                [pieces.encode(sentence, out_type=str)],
                target_prefix=prefix,
                beam_size=BEAM_SIZE,
                max_decoding_length=MAX_TOKENS,
            )
            tokens = results[0].hypotheses[0]
            words: str = pieces.decode_pieces(tokens[1:] if prefix else tokens)
        except (RuntimeError, ValueError, OSError) as exc:  # as both libraries report their errors
            raise TranslationError(
                Reason(
                    "the model {name} cannot be used: {cause}",
                    name=package.directory.name,
                    cause=str(exc),
                )
            ) from exc
        return words.replace("▁", " ").replace("_", " ").strip()

    def _load(self, package: Package) -> tuple[Any, Any]:
        import ctranslate2
        import sentencepiece

        with self._lock:
            if package.directory not in self._loaded:
                self._loaded[package.directory] = (
                    sentencepiece.SentencePieceProcessor(
                        model_file=str(package.directory / "sentencepiece.model")
                    ),
                    ctranslate2.Translator(str(package.directory / "model"), intra_threads=THREADS),
                )
            return self._loaded[package.directory]
