"""Run a real checkout of OpenMoxie with the plug-in, as its README says, and print what happened.

    git clone … ~/openmoxie, and a venv with its requirements
    script/try-plug-in ~/openmoxie --python ~/openmoxie/venv/bin/python

A clone of the clone is tried, so that nothing of it is touched. Nothing leaves this machine: its
language model is a stub, its brokers and its robot are here.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.openmoxie import (
    ALL_ANSWERED,
    ROBOT,
    SOURCES,
    OpenMoxie,
    SpeechService,
    git,
    plug,
    talk,
    tls_broker,
)
from tests.support.tools import (
    Process,
    answers,
    free_port,
    wait_until,
)

OVERLAY = """
from openmoxie import settings
globals().update((name, each) for name, each in vars(settings).items() if name.isupper())
MQTT_ENDPOINT = {{"host": "localhost", "port": {port}, "project": "openmoxie",
                  "cert_required": False}}
DATABASES = settings.DATABASES | {{"default": {{
    "ENGINE": "django.db.backends.sqlite3", "NAME": settings.BASE_DIR / "work" / "db.sqlite3"}}}}
"""
ANSWER = "¡Un gato! Cuéntame más de tu gato."


class Model(BaseHTTPRequestHandler):
    """Answers like an OpenAI-compatible language model."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": ANSWER}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = json.dumps(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "stub",
                "choices": [choice],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def model(host: str = "127.0.0.1", name: str = "127.0.0.1") -> Iterator[str]:
    """Serve a language model on `host` and yield its address with the host name `name`."""
    server = ThreadingHTTPServer((host, 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{name}:{server.server_address[1]}/v1"
    server.shutdown()
    server.server_close()


@contextmanager
def plain_broker(folder: Path) -> Iterator[int]:
    port = free_port()
    config = folder / "mirror.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\n")
    with closing(Process(["mosquitto", "-c", str(config)])):
        wait_until(lambda: answers(port), "the mirror's broker")
        yield port


@contextmanager
def running(clone: Path, python: str, work: Path) -> Iterator[tuple[OpenMoxie, SpeechService, int]]:
    """Run a checkout between a broker for its robots and one for the mirror.

    Yield it, a stand-in for the speech service, and the port for robots.
    """
    with ExitStack() as stack:
        port = stack.enter_context(tls_broker(work))
        mirror = stack.enter_context(plain_broker(work))
        (work / "overlay.py").write_text(OVERLAY.format(port=port))
        openmoxie = OpenMoxie(
            clone,
            python,
            PYTHONPATH=str(work),
            DJANGO_SETTINGS_MODULE="overlay",
            OPENAI_BASE_URL=stack.enter_context(model()),
            OPENAI_API_KEY="sk-nobody",
            MOXIE_TTS_MQTT_PORT=str(mirror),
            MOXIE_TTS_MQTT_HOST="127.0.0.1",
        )
        stack.callback(lambda: (work / "output.txt").write_text(openmoxie.output))
        openmoxie.prepare()
        speech = stack.enter_context(closing(SpeechService(mirror)))
        stack.enter_context(closing(openmoxie))
        openmoxie.start()
        yield openmoxie, speech, port


def attempt(clone: Path, python: str, work: Path) -> None:
    """Run it, make the robot talk, and check what was mirrored."""
    from hive.mqtt.virtual_moxie import VirtualMoxie

    with ExitStack() as stack:
        openmoxie, speech, port = stack.enter_context(running(clone, python, work))
        tell("makemigrations", openmoxie.manage("makemigrations", "ttsmirror", "--check"))
        robot = VirtualMoxie(ROBOT, "localhost", port)
        stack.callback(robot.stop)
        talk(openmoxie, robot)
        tell("robot said", "\n                ".join(robot.said))
        wait_until(lambda: len(speech.heard) >= len(SOURCES) and speech.controls)
        wait_until(lambda: [row[2:] for row in openmoxie.history()] == [("spoken", 1)] * 6)
        for each in speech.heard:
            tell("mirrored", f"{each['source']}: {each['text']}")
        said = [words for words in robot.said if not words.startswith("animation:")]
        assert [each["text"] for each in speech.heard] == said
        assert [each["source"] for each in speech.heard] in (SOURCES, ALL_ANSWERED)
        tell("control", speech.controls)
        assert "Hola, soy Moxie" in openmoxie.admin("ttsmirror/utterance/")
        tell("admin", "shows the history, all six confirmed by the robot")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="script/try-plug-in", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--python", required=True, help="one with the checkout's requirements")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        clone = work / "checkout"
        subprocess.run(["git", "clone", "-q", str(args.checkout), str(clone)], check=True)
        # OpenMoxie creates this folder at run time.
        (clone / ".git/info/exclude").write_text("site/work/\n")
        tell("commit", git(clone, "log", "-1", "--format=%H %as %s").strip())
        tell("plugged in", plug(clone).stdout)
        tell("check", plug(clone, "--check").stdout)
        attempt(clone, args.python, work)
        tell("removed", plug(clone, "--remove").stdout)
        tell("git status", git(clone, "status", "--porcelain") or "clean")
        output = (work / "output.txt").read_text()
        tell("ours in its log", [line for line in output.splitlines() if "mirror" in line])
    return 0


def tell(what: str, words: object) -> None:
    print(f"{what + ':':16}{words}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
