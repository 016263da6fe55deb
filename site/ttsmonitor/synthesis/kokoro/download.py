"""Download Kokoro: the model and the styles of its voices."""

from __future__ import annotations

from pathlib import Path

from ttsmonitor.synthesis.kokoro.provider import ENGINE
from ttsmonitor.synthesis.piper.catalogue import PublishedFile
from ttsmonitor.synthesis.piper.download import Progress, fetched_files
from ttsmonitor.synthesis.piper.sharing import like_parent

SOURCE = "https://github.com/thewh1teagle/kokoro-onnx/releases/download/model-files-v1.0"
FILES = (
    PublishedFile(
        "voices-v1.0.bin",
        28_214_398,
        "bca610b8308e8d99f32e6fe4197e7ec01679264efed0cac9140fe9c29f1fbf7d",
        "sha256",
    ),
    PublishedFile(
        "kokoro-v1.0.int8.onnx",
        92_361_271,
        "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
        "sha256",
    ),
)
"""The model is the last: the voices count as installed by it."""
SIZE_BYTES = sum(file.size_bytes for file in FILES)


def download_kokoro(
    voice_dir: Path, on_progress: Progress = lambda fetched_bytes: None, *, source: str = SOURCE
) -> Path:
    """Install Kokoro below `voice_dir` and return its directory. Raises SynthesisError."""
    directory = voice_dir / ENGINE
    with fetched_files(FILES, source, directory, on_progress) as aside:
        for file in FILES:
            like_parent(aside / file.name)
            (aside / file.name).replace(directory / file.name)
    return directory
