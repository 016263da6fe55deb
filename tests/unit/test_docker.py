"""The Docker files, checked without Docker."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

from hive.process.supervisor import BESIDE_SENTENCE_SECONDS
from tests.support.openmoxie import cloned, plug
from tests.support.tools import ROOT
from tests.unit.test_docs import defaults
from ttsmirror.version import VERSION
from ttsmonitor.checks import RANGES

PLUG_IN = ROOT / "docker" / "plug-in"
COMPOSE = (ROOT / "docker-compose.yml").read_text()
IMAGES = (ROOT / "compose.images.yml").read_text()
OVERRIDE = (PLUG_IN / "docker-compose.yml").read_text()
UNIT = (ROOT / "services/moxie-tts-subscriber/moxie-tts.service").read_text()
BROKER = "hive and speech service reach the broker over the network of the containers"
VOLUME = "it stays in the volume"
IMAGE = "a matter of the image"
BESIDE = "the Wyoming server runs beside the containers, with an address and a token"
NOT_PASSED_ON = {
    "MQTT_TLS": BROKER,
    "MQTT_CA_CERTS": BROKER,
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
    "WYOMING": BESIDE,
    "WYOMING_HOST": BESIDE,
    "WYOMING_PORT": BESIDE,
    "WYOMING_SERVICE_URL": BESIDE,
    "WYOMING_TOKEN": BESIDE,
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
    (command,) = re.findall(r"command: .*manage\.py prepare.*", COMPOSE)
    assert "prepare --no-account " in command


def environment_of(service: dict[str, Any]) -> dict[str, str]:
    pairs = (entry.partition("=") for entry in service["environment"])
    return {name: value for name, _equals, value in pairs}


def test_containers_of_the_project_get_ports_and_account_of_the_broker() -> None:
    """The specification looks for them with `docker compose exec web env | grep MQTT`."""
    services = yaml.safe_load(COMPOSE)["services"]
    for name in ("certificates", "web", "tts"):
        passed = environment_of(services[name])
        assert passed["MQTT_HOST"] == "mqtt"
        assert passed["MQTT_PORT"] == "${MQTT_PORT:-1883}"
        assert passed["MQTT_SSL_PORT"] == "${MQTT_SSL_PORT:-8883}"
        assert {"MQTT_USERNAME", "MQTT_PASSWORD"} <= passed.keys()


@pytest.mark.parametrize("text", [COMPOSE, IMAGES], ids=["clone", "images"])
def test_new_account_starts_the_broker_again(text: str) -> None:
    """Compose replaces a container only if its own definition changes."""
    services = yaml.safe_load(text)["services"]
    assert services["mqtt"]["environment"] == services["certificates"]["environment"]


@pytest.mark.parametrize("text", [COMPOSE, IMAGES], ids=["clone", "images"])
def test_every_container_is_confined(text: str) -> None:
    services = yaml.safe_load(text)["services"]
    for name, service in services.items():
        assert "no-new-privileges:true" in service["security_opt"], name
        assert "privileged" not in service, name
        if name == "postgres":  # its image begins as root
            continue
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert service["init"] and service["pids_limit"], name
        assert service.get("user") != "root" or name == "folders"
    long_running = services.keys() - {"certificates", "folders"}
    assert all(services[name]["mem_limit"] for name in long_running)
    assert all(services[name]["healthcheck"] for name in long_running)


def test_broker_without_tls_is_not_published_from_images() -> None:
    ports = yaml.safe_load(IMAGES)["services"]["mqtt"]["ports"]
    assert ports
    assert not [port for port in ports if "MQTT_PORT" in port or "1883" in port]
    networks = yaml.safe_load(IMAGES)["networks"]
    assert networks["broker"]["internal"] and networks["data"]["internal"]


def test_images_file_differs_from_the_clone_in_what_a_clone_needs() -> None:
    ours, images = (yaml.safe_load(text) for text in (COMPOSE, IMAGES))
    assert images["x-environment"] == ours["x-environment"]
    assert ours["services"].keys() - images["services"].keys() == {"folders"}
    for name, service in images["services"].items():
        own = ours["services"][name]
        changed = {key for key in own | service if own.get(key) != service.get(key)}
        allowed = {
            "certificates": {"image", "build", "volumes"},
            "mqtt": {"depends_on", "ports", "volumes"},
        }.get(name, {"image"})
        assert changed <= allowed, name
    sources = re.findall(r"^ +- (\./[^:]+):", IMAGES, re.MULTILINE)
    assert sources == []


def test_label_has_the_version_of_this_software() -> None:
    text = (ROOT / "docker" / "Dockerfile").read_text()
    assert re.findall(r"^ARG VERSION=(.+)$", text, re.MULTILINE) == [VERSION]


def test_override_adds_the_mirror_to_openmoxies_compose_file() -> None:
    services = yaml.safe_load(OVERRIDE)["services"]
    # `server` and `mqtt` are OpenMoxie's; the override adds to the server only.
    assert set(services) == {"server", "tts-mqtt", "tts"}
    server = dict(each.split("=", 1) for each in services["server"]["environment"])
    assert server["MOXIE_TTS_MQTT_HOST"] == "tts-mqtt"
    assert all(name.removeprefix("MOXIE_TTS_") in defaults() for name in server)
    assert "ports" not in services["tts-mqtt"]
    spoken = {each.partition("=")[0] for each in services["tts"]["environment"]}
    assert spoken - {"PULSE_SERVER"} <= defaults().keys()
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


@pytest.mark.parametrize("text", [COMPOSE, IMAGES, OVERRIDE], ids=["own", "images", "plug-in"])
def test_compose_files_name_existing_services_and_volumes(text: str) -> None:
    compose = yaml.safe_load(text)
    services = compose["services"]
    for name, service in services.items():
        for other in service.get("depends_on", ()):
            assert other in services, name
        assert service.get("image"), name
        for volume in service.get("volumes", ()):
            source = volume["source"] if isinstance(volume, dict) else volume.split(":/")[0]
            source = re.sub(r"\$\{PULSE_DIR:-(.+)\}", r"\1", source)
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
