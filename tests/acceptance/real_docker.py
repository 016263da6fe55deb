"""Run docker/plug-in beside the compose file of a real OpenMoxie, and print what happened.

    git clone … ~/openmoxie
    script/try-plug-in --docker ~/openmoxie

Needs a Docker engine, `docker compose` 2, and the ports that OpenMoxie takes. A clone of the clone
is tried. Images stay; containers, volumes and networks go.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from http.cookiejar import CookieJar
from pathlib import Path

from tests.acceptance.real_openmoxie import model, tell
from tests.support.openmoxie import (
    PREPARE,
    ROBOT,
    SOURCES,
    OpenMoxie,
    git,
    talk,
)
from tests.support.tools import ROOT, answers, wait_until

ROBOTS_PORT, PAGES_PORT = 8883, 8001  # OpenMoxie's
MONITOR_PORT = 8787
BUILD_SECONDS, START_SECONDS = 3600, 120
MODEL = """
services:
  server:
    environment:
      - OPENAI_BASE_URL={url}
    extra_hosts:
      - host.docker.internal:host-gateway
"""
HISTORY = """
import json
from ttsmirror.models import Utterance
rows = Utterance.objects.order_by("published_at").values_list("text", "source", "status")
print(json.dumps(list(rows)))
"""


class Containers(OpenMoxie):
    """An OpenMoxie and the mirror, in containers."""

    def __init__(self, checkout: Path, docker: str, files: list[Path]) -> None:
        super().__init__(checkout, "python3")
        self.port = PAGES_PORT
        self._database = checkout / "local" / "work" / "db.sqlite3"
        self._docker = shlex.split(docker)
        names = ":".join(["docker-compose.yml", *map(str, files)])
        self._compose = {"MIRROR": str(ROOT), "COMPOSE_FILE": names, "TTS_AUDIO": "null"}

    def compose(self, *arguments: str, plain: bool = False) -> str:
        """Run `docker compose …` in the checkout; `plain` leaves the mirror's override out."""
        environment = os.environ | ({} if plain else self._compose)
        done = subprocess.run(
            [*self._docker, "compose", *arguments],
            cwd=self.checkout,
            env=environment,
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
        return done.stdout

    def manage(self, *arguments: str) -> str:
        return self.compose("exec", "-T", "server", "python3", "site/manage.py", *arguments)

    def prepare(self) -> None:
        """Create an admin account and OpenMoxie's first data in the container."""
        self.manage("shell", "-c", PREPARE)

    def start(self) -> None:
        self.compose("up", "--build", "-d")
        ports = (ROBOTS_PORT, PAGES_PORT, MONITOR_PORT)
        wait_until(lambda: all(map(answers, ports)), "all ports", START_SECONDS)

    def close(self) -> None:
        self.compose("down", "-v", "--remove-orphans")

    def speech(self, *arguments: str) -> str:
        """Run a management command of the speech service."""
        return self.compose("exec", "-T", "tts", "python", "manage.py", *arguments)

    def spoken(self) -> list[list[str]]:
        """Return the speech service's history, oldest first."""
        rows: list[list[str]] = json.loads(self.speech("shell", "-c", HISTORY).splitlines()[-1])
        return rows


def monitor(password: str) -> Callable[[str], str]:
    """Log in at the monitor and return a function from path to page."""
    jar = CookieJar()
    web = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    url = f"http://localhost:{MONITOR_PORT}"
    web.open(f"{url}/accounts/login/").close()
    form = {"username": "moxie", "password": password}
    form["csrfmiddlewaretoken"] = next(str(c.value) for c in jar if c.name == "csrftoken")
    web.open(f"{url}/accounts/login/", urllib.parse.urlencode(form).encode()).close()

    def page(path: str) -> str:
        with web.open(url + path) as answer:
            return str(answer.read().decode())

    return page


def attempt(openmoxie: Containers) -> None:
    """Make the robot talk, and check what was spoken and stored."""
    from hive.mqtt.virtual_moxie import VirtualMoxie

    wait_until(lambda: answers(PAGES_PORT), "OpenMoxie", START_SECONDS)
    openmoxie.prepare()
    account = openmoxie.speech("create_first_account", "--monitor")
    page = monitor(account.split("password")[1].split()[0])
    wait_until(lambda: json.loads(page("/health"))["ok"], "the speech service", START_SECONDS)
    tell("health", page("/health"))
    robot = VirtualMoxie(ROBOT, "localhost", ROBOTS_PORT)
    try:
        talk(openmoxie, robot)
        wait_until(lambda: len(openmoxie.spoken()) == len(SOURCES), "all six", 30)
        openmoxie.puppet(command="speak", speech="Adiós", mood="happy", intensity="0.7")
        robot.wait_for(lambda robot: robot.said[-1] == "Adiós", 30)
    finally:
        robot.stop()
    tell("robot said", "\n                ".join(robot.said))
    said = [words for words in robot.said if not words.startswith("animation:")]
    expected = list(zip(said, [*SOURCES, "puppet_mode"], strict=True))
    wait_until(lambda: openmoxie.spoken()[-1][2] == "spoken", "the last sentence", 60)
    spoken = openmoxie.spoken()
    tell("speech service", "\n                ".join(map(str, spoken)))
    assert [(words, source) for words, source, _status in spoken] == expected
    assert "interrupted" in {status for _words, _source, status in spoken}
    assert said[0] in page("/api/history")
    wait_until(
        lambda: openmoxie.history() == [(*each, 1) for each in spoken], "OpenMoxie's history"
    )
    assert said[0] in openmoxie.admin("ttsmirror/utterance/")
    tell("admin", "shows the same, all confirmed by the robot")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="script/try-plug-in --docker", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--docker", default="docker", help="how the engine is called")
    args = parser.parse_args()
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clone, stub = work / "checkout", work / "model.yml"
        subprocess.run(["git", "clone", "-q", str(args.checkout), str(clone)], check=True)
        # OpenMoxie creates this folder at run time.
        (clone / ".git/info/exclude").write_text("work/\n")
        tell("commit", git(clone, "log", "-1", "--format=%H %as %s").strip())
        url = stack.enter_context(model("0.0.0.0", "host.docker.internal"))
        stub.write_text(MODEL.format(url=url))
        mirror = ROOT / "docker" / "plug-in" / "docker-compose.yml"
        openmoxie = Containers(clone, args.docker, [mirror, stub])
        stack.callback(openmoxie.close)
        openmoxie.compose("up", "--build", "-d", plain=True)
        tell("OpenMoxie", openmoxie.compose("ps", "--services", plain=True).split())
        openmoxie.start()
        attempt(openmoxie)
        openmoxie.compose("up", "-d", "--remove-orphans", plain=True)
        wait_until(lambda: answers(PAGES_PORT), "OpenMoxie without the mirror", START_SECONDS)
        tell("left", openmoxie.compose("ps", "--services", plain=True).split())
        tell("git status", git(clone, "status", "--porcelain") or "clean")
    return 0


if __name__ == "__main__":
    sys.exit(main())
