"""The Docker files, checked without Docker."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path, PurePath

import pytest
import yaml

from hive.process.supervisor import BESIDE_SENTENCE_SECONDS
from tests.support.openmoxie import cloned, plug
from tests.support.tools import ROOT
from tests.unit.test_docs import defaults
from ttsmonitor.checks import RANGES

PLUG_IN = ROOT / "docker" / "plug-in"
COMPOSE = (ROOT / "docker-compose.yml").read_text()
OVERRIDE = (PLUG_IN / "docker-compose.yml").read_text()
UNIT = (ROOT / "services/moxie-tts-subscriber/moxie-tts.service").read_text()
BROKER = "hive and speech service reach the broker over the network of the containers"
VOLUME = "it stays in the volume"
IMAGE = "a matter of the image"
NOT_PASSED_ON = {
    "MQTT_TLS": BROKER,
    "MQTT_CA_CERTS": BROKER,
    "MQTT_USERNAME": BROKER,
    "MQTT_PASSWORD": BROKER,
    "MOXIE_WORK_DIR": VOLUME,
    "TTS_VOICE_DIR": VOLUME,
    "TTS_VOICE_IMPORT_DIR": VOLUME,
    "TTS_CACHE_DIR": VOLUME,
    "MOXIE_BACKUP_DIR": VOLUME,
    "TTS_WAV_DIR": VOLUME,
    "TTS_ARGOS_DIR": IMAGE,
    "PIPER_MODEL": VOLUME,
    "MOXIE_NO_PIPER": IMAGE,
    "PYTHON3": IMAGE,
}


def test_every_setting_is_passed_on_or_there_is_a_reason() -> None:
    used = set(re.findall(r"^ +- ([A-Z_]+)(?:=.*)?$", COMPOSE, re.MULTILINE))
    used |= set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))
    assert not used & NOT_PASSED_ON.keys()
    assert defaults().keys() - used == NOT_PASSED_ON.keys()


@pytest.mark.parametrize("text", [COMPOSE, UNIT], ids=["docker", "systemd"])
def test_stop_timeout_exceeds_the_longest_drain(text: str) -> None:
    found = re.search(r"(?:stop_grace_period: |TimeoutStopSec=)(\d+)s?$", text, re.MULTILINE)
    assert found
    assert int(found[1]) > RANGES["TTS_DRAIN_SECONDS"][1] + BESIDE_SENTENCE_SECONDS


def test_no_password_goes_to_the_log() -> None:
    (command,) = re.findall(r"command: .*\bprepare\b.*", COMPOSE)
    assert "prepare --no-account " in command


class Server(HTTPServer):
    """A server that answers every request with `status`."""

    status = 200


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Answer)
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (400, 0), (503, 1)])
@pytest.mark.parametrize("name", ["HIVE_PORT", "HTTP_PORT"])
def test_health_check_fails_on_503_only(server: Server, name: str, status: int, code: int) -> None:
    (check,) = re.findall(rf"test: (\[\"CMD\", \"python\".*{name}.*\])$", COMPOSE, re.MULTILINE)
    server.status = status
    _cmd, _python, *arguments = json.loads(check)
    environment = {name: str(server.server_address[1])}
    done = subprocess.run([sys.executable, *arguments], env=environment, timeout=30, check=False)
    assert done.returncode == code


def test_override_adds_the_mirror_to_openmoxies_compose_file() -> None:
    services = yaml.safe_load(OVERRIDE)["services"]
    # `server` and `mqtt` are OpenMoxie's; the override adds to the server only.
    assert set(services) == {"server", "tts-mqtt", "tts"}
    server = dict(each.split("=", 1) for each in services["server"]["environment"])
    assert server["MOXIE_TTS_MQTT_HOST"] == "tts-mqtt"
    assert all(name.removeprefix("MOXIE_TTS_") in defaults() for name in server)
    assert "ports" not in services["tts-mqtt"]
    spoken = {each.partition("=")[0] for each in services["tts"]["environment"]}
    assert spoken <= defaults().keys()
    for service in ("server", "tts"):
        assert (ROOT / services[service]["build"]["dockerfile"]).is_file()


def test_both_files_have_the_same_speech_service() -> None:
    ours, added = (yaml.safe_load(text)["services"]["tts"] for text in (COMPOSE, OVERRIDE))
    assert {"healthcheck", "ports", "stop_grace_period"} <= added.keys()
    assert added["healthcheck"] == ours["healthcheck"]
    assert added["stop_grace_period"] == ours["stop_grace_period"]
    (port,) = added["ports"]
    assert ours["ports"] == [port.replace("127.0.0.1", "${HTTP_HOST:-127.0.0.1}")]
    assert "prepare --no-account " in " ".join(added["command"])


@pytest.mark.parametrize("text", [COMPOSE, OVERRIDE], ids=["own", "plug-in"])
def test_compose_files_name_existing_services_and_volumes(text: str) -> None:
    compose = yaml.safe_load(text)
    services = compose["services"]
    for name, service in services.items():
        for other in service.get("depends_on", ()):
            assert other in services, name
        assert service.get("image"), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith(("./docker", "${MIRROR}")):
                assert (ROOT / source.removeprefix("${MIRROR}/")).exists(), volume
            elif not source.startswith("./"):
                assert source in compose["volumes"], volume


@pytest.mark.parametrize("file", ["docker/Dockerfile", "docker/plug-in/Dockerfile"])
def test_copied_files_exist_and_pass_dockerignore(file: str) -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) /", (ROOT / file).read_text(), re.MULTILINE)
    assert copied
    let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists()
        assert any(PurePath(name).match(each) or name.startswith(f"{each}/") for each in let_in)


def test_plug_in_works_with_the_image_files_alone(tmp_path: Path) -> None:
    text = (PLUG_IN / "Dockerfile").read_text()
    root = tmp_path / "image"
    for name, target in re.findall(r"^COPY (\S+) /(\S+)$", text, re.MULTILINE):
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, root / target, ignore=ignored)
        else:
            (root / target).mkdir(parents=True)
            shutil.copy(ROOT / name, root / target)
    (command,) = re.findall(r"^RUN python3 /(\S+) /app$", text, re.MULTILINE)
    app = cloned(tmp_path)
    subprocess.run([sys.executable, str(root / command), str(app)], check=True, timeout=60)
    assert "MISSING  its database" in plug(app, "--check").stdout
    assert "EARLIER" not in plug(app, "--check").stdout
    assert plug(app).stdout == "Nothing to do: this version is installed.\n"


@pytest.mark.parametrize("page", ["plug-in.md", "plug-in.es.md"])
def test_plug_in_page_has_the_override_commands(page: str) -> None:
    words = (ROOT / "docs" / page).read_text()
    commands = re.findall(r"^#   ((?:export|docker) .*?)(?: {3,}.*)?$", OVERRIDE, re.MULTILINE)
    assert len(commands) == 4
    assert all(command in words for command in commands)
