"""A local mirror of the collection of Piper voices, served over HTTP.

    with voice_mirror(tmp_path / "mirror", "es_MX-claude-high") as mirror:
        monkeypatch.setenv("TTS_VOICE_SOURCE", mirror.url)

The voices are those of make_voice() with real names; `voice_from` publishes real files instead.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.voice_files import install


@dataclass
class VoiceMirror:
    """A served directory with `voices.json` and voices."""

    directory: Path
    url: str = ""
    voices: dict[str, Any] = field(default_factory=dict)
    """The content of voices.json; call publish() after a change."""
    slow_bytes: int = 0
    """After so many bytes of a model, wait until `go_on` is set; 0: never wait."""
    go_on: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    """The paths that were fetched."""

    def add(self, name: str, *, voice_from: Path | None = None, **options: Any) -> Path:
        """Publish a voice; return the path of its model. `options` are make_voice()'s."""
        lang, _title, quality = name.split("-")
        folder = Path(lang.partition("_")[0], lang, *name.split("-")[1:])
        place = self.directory / folder
        place.mkdir(parents=True)
        if voice_from is None:
            install(place, name, lang.partition("_")[0], code=lang, **options)
        else:
            for suffix in ("", ".json"):
                shutil.copy(f"{voice_from}{suffix}", place / f"{name}.onnx{suffix}")
        (place / "MODEL_CARD").write_text(f"# Model card for {name}\n\n* License: CC0\n")
        self.voices[name] = {
            "key": name,
            "language": {"code": lang},
            "quality": quality,
            "num_speakers": options.get("speakers", 1),
            "files": {
                str(path.relative_to(self.directory)): {
                    "size_bytes": path.stat().st_size,
                    "md5_digest": hashlib.md5(path.read_bytes()).hexdigest(),
                }
                for path in sorted(place.iterdir())
            },
        }
        self.publish()
        return place / f"{name}.onnx"

    def publish(self) -> None:
        """Write voices.json."""
        (self.directory / "voices.json").write_text(json.dumps(self.voices))


@contextmanager
def voice_mirror(directory: Path, *names: str) -> Iterator[VoiceMirror]:
    """Serve a mirror with small voices of these names."""
    directory.mkdir(parents=True, exist_ok=True)
    mirror = VoiceMirror(directory)
    mirror.publish()
    for name in names:
        mirror.add(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, mirror))
    mirror.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield mirror
    finally:
        mirror.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, mirror: VoiceMirror, *args: Any) -> None:
        self._mirror = mirror
        super().__init__(*args, directory=str(mirror.directory))

    def do_GET(self) -> None:
        self._mirror.asked.append(self.path)
        super().do_GET()

    def copyfile(self, source: Any, outputfile: Any) -> None:
        mirror = self._mirror
        try:
            if mirror.slow_bytes and self.path.endswith(".onnx"):
                outputfile.write(source.read(mirror.slow_bytes))
                mirror.go_on.wait(30)
            super().copyfile(source, outputfile)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client gave up

    def log_message(self, format: str, *args: Any) -> None:
        pass
