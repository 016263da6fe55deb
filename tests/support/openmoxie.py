"""An OpenMoxie with the mirror plugged in, run as its README describes, and a robot.

Tests run the stand-in of tests/standins; tests/acceptance/real_openmoxie.py runs a real checkout.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import asgiref
import django
import paho
import sqlparse
import typing_extensions

from hive.broker.certificates import ensure_certificate
from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.support.tools import (
    ROOT,
    Listener,
    Process,
    answers,
    free_port,
    wait_until,
)
from ttsmirror.wire.messages import CONTROL_TOPIC, STATUS_TOPIC

STAND_IN = ROOT / "tests" / "standins" / "openmoxie"
ROBOT = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
TEXT_TOPIC = "moxie/tts/text"
GLOBAL_QUESTION = "what time is it"

# An admin account, and settings that only a real OpenMoxie has.
PREPARE = """
from django.contrib.auth import get_user_model
get_user_model().objects.create_superuser("parent", "parent@example.org", "a-long-password")
try:
    from hive.models import GlobalResponse, HiveConfiguration
    HiveConfiguration.objects.update_or_create(
        name="default", defaults={"openai_api_key": "sk-nobody", "allow_unverified_bots": True}
    )
    GlobalResponse.objects.create(
        name="time", pattern="what time is it", action=1, response_text="It is half past seven."
    )
except ImportError:
    pass
"""


def git(path: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=path, capture_output=True, text=True, check=True)
    return done.stdout


def cloned(folder: Path) -> Path:
    """Make a git clone of the stand-in."""
    path = folder / STAND_IN.name
    shutil.copytree(STAND_IN, path, ignore=shutil.ignore_patterns("__pycache__", "work"))
    (path / ".gitignore").write_text("__pycache__/\nsite/work/\n")
    settings = path / "site/openmoxie/settings.py"
    settings.write_bytes(settings.read_bytes().rstrip())  # the upstream file ends without a newline
    git(path, "init", "-q")
    git(path, "add", "-A")
    git(path, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "As cloned")
    return path


def plug(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run script/plug-into."""
    command = [str(ROOT / "script" / "plug-into"), str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


EARLIER = ROOT / "tests" / "fixtures" / "earlier_plug_in"
EARLIER_LINES = {
    "b0521a3": b"""
# The Moxie TTS mirror, added by script/plug-into: what Moxie says is spoken aloud too.
INSTALLED_APPS = [*INSTALLED_APPS, "ttsmonitor"]
""",
    "18ef50c": b"""
# The Moxie TTS mirror, added by script/plug-into: what Moxie says is spoken aloud too.
from ttsmonitor.plugged_in import plugged_into
INSTALLED_APPS, DATABASES, DATABASE_ROUTERS = plugged_into(globals())
""",
}
"""The lines that earlier versions of script/plug-into added to the settings, by commit."""


def plug_as_earlier(path: Path, newline: bytes = b"\n", commit: str = "b0521a3") -> bytes:
    """Recreate the files of an earlier script/plug-into. Return the settings from before.

    Only a few of its files are made, as none may be imported any more.
    """
    settings = path / "site/openmoxie/settings.py"
    original = settings.read_bytes()
    before = b"" if original.endswith(newline) else newline
    settings.write_bytes(original + before + EARLIER_LINES[commit].replace(b"\n", newline))
    folder = path / "site/ttsmonitor"
    files = {"__init__.py": b"raise ImportError\n", "apps.py": b"", "models/utterance.py": b""}
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "models/__pycache__").mkdir()
    (folder / "models/__pycache__/utterance.cpython-310.pyc").touch()
    (folder / ".plugged-in").mkdir()
    (folder / ".plugged-in/settings.py").write_bytes(original)
    state = {
        "before": sha256(original).hexdigest(),
        "after": sha256(settings.read_bytes()).hexdigest(),
        "files": {name: sha256(content).hexdigest() for name, content in files.items()},
    }
    (folder / ".plugged-in/state.json").write_text(json.dumps(state))
    return original


def load_sqlite(script: str, database: Path) -> None:
    """Make a SQLite file out of one of the scripts in tests/fixtures/earlier_plug_in."""
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript((EARLIER / script).read_text())


BLOCKED = """
import sys
class OnlyDjangoAndPaho:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {
            "amqtt", "channels", "cryptography", "daphne", "dj_database_url", "espeakng_loader",
            "numpy", "onnx", "onnxruntime", "piper", "psycopg", "pyaudio", "tqdm", "twisted",
            "whitenoise",
        }:
            raise ModuleNotFoundError(f"the plug-in wants {name}", name=name)
sys.meta_path.insert(0, OnlyDjangoAndPaho())
"""


def bare_packages(folder: Path) -> str:
    """Return a PYTHONPATH folder that has only Django and paho."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BLOCKED)
    for package in (django, paho, asgiref, sqlparse, typing_extensions):
        source = Path(str(package.__file__))
        source = source.parent if source.name == "__init__.py" else source
        (folder / source.name).symlink_to(source)
    return str(folder)


@contextmanager
def tls_broker(folder: Path) -> Iterator[int]:
    """Run a Mosquitto as OpenMoxie configures it, on a free port."""
    port = free_port()
    certificate, key = ensure_certificate(folder)
    config = folder / "openmoxie.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\nuser root\n"
        "allow_anonymous true\nlog_dest stdout\nlog_dest topic\n"
    )
    broker = Process(["mosquitto", "-c", str(config)])
    try:
        wait_until(lambda: answers(port), "OpenMoxie's broker")
        yield port
    finally:
        broker.close()


class SpeechService:
    """A fake speech service that confirms each message at once and reports it spoken."""

    def __init__(self, port: int) -> None:
        self.heard: list[dict[str, Any]] = []
        self.controls: list[dict[str, Any]] = []
        self._listener = Listener(port, TEXT_TOPIC, CONTROL_TOPIC)
        self._listener.client.on_message = self._take

    def _take(self, client: Any, userdata: Any, message: Any) -> None:
        fields = json.loads(message.payload)
        if message.topic == CONTROL_TOPIC:
            self.controls.append(fields)
            return
        self.heard.append(fields)
        for event in ("stored", "playing", "spoken"):
            told = {"status": "idle", "event": event, "id": fields["id"], "device_id": ROBOT}
            client.publish(STATUS_TOPIC, json.dumps(told))

    def close(self) -> None:
        self._listener.close()


class OpenMoxie:
    """A checkout, run by a given Python."""

    def __init__(self, checkout: Path, python: str, **environment: str) -> None:
        self.checkout = checkout
        self.port = free_port()
        self._python = python
        self._site = checkout / "site"
        (self._site / "work").mkdir(exist_ok=True)
        self._database = self._site / "work" / "db.sqlite3"
        ours = ("MQTT_", "TTS_", "DJANGO_", "MOXIE_", "PYTHONPATH")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
        self._environment = kept | environment
        self._cookies = CookieJar()
        self._web = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))
        self._process: Process | None = None

    def _command(self, *arguments: str) -> list[str]:
        environment = [f"{name}={text}" for name, text in self._environment.items()]
        manage = str(self._site / "manage.py")
        return ["env", "-i", *environment, self._python, manage, *arguments]

    def manage(self, *arguments: str) -> str:
        """Run a management command and return its output."""
        command = self._command(*arguments)
        done = subprocess.run(
            command, cwd=self.checkout, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def set(self, **environment: str) -> None:
        """Set environment variables for later commands."""
        self._environment |= environment

    def prepare(self) -> None:
        """Create tables, first data and an admin account."""
        self.manage("migrate")
        if (self._site / "hive/management/commands/init_data.py").exists():
            self.manage("init_data")
        self.manage("shell", "-c", PREPARE)

    def start(self) -> None:
        self._process = Process(self._command("runserver", "--noreload", f"127.0.0.1:{self.port}"))
        try:
            wait_until(lambda: answers(self.port), "OpenMoxie", 60)
        except AssertionError as exc:
            raise AssertionError(self._process.output) from exc

    @property
    def output(self) -> str:
        return "" if self._process is None else self._process.output

    def close(self) -> None:
        if self._process is not None:
            self._process.close()

    def puppet(self, **fields: str) -> None:
        """Send a Puppet Mode request."""
        page = ROBOT if self.checkout.name == STAND_IN.name else self._puppet_page()
        self.post(f"hive/puppet_api/{page}", fields)

    def _puppet_page(self) -> str:
        (number,) = self.rows("select id from hive_moxiedevice where device_id=?", ROBOT)
        self._web.open(self._url(f"hive/puppet/{number[0]}"), timeout=20).close()
        return str(number[0])

    def admin(self, path: str) -> str:
        """Return a page of its admin."""
        self._web.open(self._url("admin/login/"), timeout=20).close()
        who = {"username": "parent", "password": "a-long-password"}
        return self.post("admin/login/", who | {"next": f"/admin/{path}"})

    def post(self, path: str, fields: dict[str, str]) -> str:
        token = next((each.value for each in self._cookies if each.name == "csrftoken"), "")
        form = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": str(token)}).encode()
        with self._web.open(self._url(path), form, timeout=20) as page:
            return str(page.read().decode())

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    @property
    def database(self) -> Path:
        """Return the path of OpenMoxie's database."""
        return self._database

    @property
    def history_database(self) -> Path:
        """Return the path of the plug-in's database."""
        return self._database.with_name("moxie_tts.sqlite3")

    def rows(self, query: str, *values: str) -> list[Any]:
        """Query OpenMoxie's database."""
        return read(self._database, query, *values)

    def history(self) -> list[tuple[str, str, str, int | None]]:
        """Return the rows of the history, oldest first."""
        columns = "text, source, status, robot_confirmed"
        query = f"select {columns} from ttsmonitor_utterance order by published_at"
        return read(self.history_database, query)


def read(database: Path, query: str, *values: str) -> list[Any]:
    """Query an SQLite file that others write to."""
    uri = f"file:{database}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=20)) as connection:
        return connection.execute(query, values).fetchall()


def talk(openmoxie: OpenMoxie, robot: VirtualMoxie) -> None:
    """Use every way to make a robot speak, one after the other."""

    def said(number: int) -> None:
        robot.wait_for(lambda robot: len(robot.said) >= number)

    robot.start()
    robot.wait_for(lambda robot: robot.config)
    openmoxie.puppet(command="speak", speech="Hola, soy Moxie", mood="happy", intensity="0.7")
    said(1)
    robot.module_id = "OPENMOXIE_CHAT"
    robot.prompt()
    said(2)
    robot.hear("a cat")
    said(3)
    robot.hear(GLOBAL_QUESTION)
    said(4)
    robot.module_id = "STORY"
    robot.hear("hm")
    said(5)
    robot.say_own("animation: wave")
    robot.say_own("Había una vez un robot")
    said(7)
    openmoxie.puppet(command="interrupt")
    robot.wait_for(lambda robot: robot.spoken_commands("INTERRUPT"))


SOURCES = ["puppet_mode", "chat", "chat", "chat", "system", "system"]
"""Sources of the speech of talk(). The fallback is mirrored once the robot reports it."""
ALL_ANSWERED = ["puppet_mode", "chat", "chat", "chat", "chat", "system"]
"""The same for a fork that answers in every module and so needs no fallback."""
