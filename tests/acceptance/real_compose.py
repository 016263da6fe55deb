"""Run compose.images.yml in an empty directory, and print what happened.

    docker build -t moxie-tts-mirror -f docker/Dockerfile .
    PYTHONPATH=site DJANGO_SETTINGS_MODULE=tests.settings python -m tests.acceptance.real_compose

A sentence is heard in a Chromium and, over PulseAudio, on this computer's loudspeaker, also after
the sound server began anew. Each container is killed while sentences flow, and frozen. Needs a
Docker engine on this computer, run by this user, and PulseAudio. Containers and volumes go.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from tests.acceptance.real_openmoxie import tell
from tests.support.chromium import chromium, visit
from tests.support.sound import LOUD, RATE, Sink, sound_server_in
from tests.support.tools import ROOT, answers, free_port, wait_until

CONTAINERS = ("mqtt", "web", "tts")
START_SECONDS, FROZEN_SECONDS, TALK_SECONDS = 120, 150, 40
SENTENCE = "Hola, soy Moxie, y hoy vamos a cantar una canción de los pingüinos."
TALK = """
import time
from ttsmirror.publishing.mirror import get_tts_mirror
mirror = get_tts_mirror()
for number in range({count}):
    mirror.publish_text(f"{word} {{number}}", source="system")
    print(number, flush=True)
    time.sleep(0.25)
time.sleep(3)
"""
HISTORY = """
import json
from ttsmirror.models import Utterance
rows = Utterance.objects.order_by("published_at").values_list("text", flat=True)
print(json.dumps(list(rows)))
"""


class Home:
    """The containers of compose.images.yml in a directory with this file and .env alone."""

    def __init__(self, directory: Path, compose: str, **settings: str) -> None:
        """Write the two files."""
        self._directory = directory
        self._compose = shlex.split(compose)
        self.settings = settings
        shutil.copy(ROOT / "compose.images.yml", directory)
        lines = (ROOT / "docker" / "env.example").read_text().splitlines()
        lines += [f"{name}={value}" for name, value in settings.items()]
        (directory / ".env").write_text("\n".join([*lines, ""]))

    def compose(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._compose, *arguments],
            cwd=self._directory,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
        return done.stdout

    def popen(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self._compose, *arguments],
            cwd=self._directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def manage(self, *arguments: str) -> str:
        return self.compose("exec", "-T", "tts", "python", "manage.py", *arguments)

    def spoken(self) -> list[str]:
        """Return the texts of the history, oldest first."""
        texts: list[str] = json.loads(self.manage("shell", "-c", HISTORY).splitlines()[-1])
        return texts

    def inspect(self, name: str, what: str) -> str:
        container = self.compose("ps", "-q", name).strip()
        command = ["docker", "inspect", "--format", f"{{{{.State.{what}}}}}", container]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to what the container's init runs."""
        init = self.inspect(name, "Pid")
        children = Path(f"/proc/{init}/task/{init}/children").read_text().split()
        for child in children:
            os.kill(int(child), number)

    def start(self) -> None:
        self.compose("up", "-d")
        self.wait_until_healthy()

    def wait_until_healthy(self) -> None:
        def is_healthy() -> bool:
            return all(self.inspect(name, "Health.Status") == "healthy" for name in CONTAINERS)

        wait_until(is_healthy, "healthy containers", START_SECONDS)

    def restarted(self, name: str, act: Callable[[], None]) -> float:
        """Return after how many seconds the container has been started again and is healthy."""
        before, began = self.inspect(name, "StartedAt"), time.monotonic()
        act()
        wait_until(lambda: self.inspect(name, "StartedAt") != before, name, FROZEN_SECONDS)
        self.wait_until_healthy()
        return time.monotonic() - began


def loud_seconds(sink: Sink) -> float:
    """Return how long something was heard, without its pauses."""
    return float((np.abs(sink.recorded().astype(int)) > LOUD).sum()) / RATE


def hear(home: Home, sinks: dict[str, Sink]) -> None:
    """Say a sentence, and wait until it was heard on each of these devices."""
    for sink in sinks.values():
        sink.forget()
    began = time.monotonic()
    home.manage("say", SENTENCE, "--wait")
    for name, sink in sinks.items():
        wait_until(lambda sink=sink: loud_seconds(sink) > 0.5, f"sound in {name}", 20)  # type: ignore[misc]
        tell("heard", f"{name}, {loud_seconds(sink):.1f} s loud")
    tell("said", f"{time.monotonic() - began:.1f} s with the start of the command")


@contextmanager
def listening(home: Home, password: str, sink: Sink) -> Iterator[None]:
    """Listen in a Chromium that plays on this device."""
    with chromium() as launch, visit(launch(sink=sink.name)) as page:
        log_in(page, f"http://localhost:{home.settings['HTTP_PORT']}/", password)
        page.click("#listen button")
        expect(page.locator("#listen")).to_have_attribute("data-state", "live", timeout=30_000)
        yield


def log_in(page: Page, url: str, password: str) -> None:
    page.goto(f"{url}accounts/login/?next=/")
    page.fill("[name=username]", "moxie")
    page.fill("[name=password]", password)
    page.click("main [type=submit]")
    page.goto(url)


def kill_under_load(home: Home, name: str) -> None:
    """Kill a container amid sentences; each must then be in the history exactly once."""
    talk = TALK.format(count=TALK_SECONDS, word=name)
    talking = home.popen("exec", "-T", "web", "python", "manage.py", "shell", "-c", talk)
    said: list[int] = []
    assert talking.stdout is not None
    for line in talking.stdout:
        if re.fullmatch(r"\d+\n", line):
            said.append(int(line))
        if len(said) == TALK_SECONDS // 4 and int(line) == said[-1]:
            break
    seconds = home.restarted(name, lambda: home.signal(name, signal.SIGKILL))
    said += [int(line) for line in talking.stdout if re.fullmatch(r"\d+\n", line)]
    talking.wait()
    assert said, "nothing was said"
    wanted = [f"{name} {number}" for number in said]

    def mine() -> list[str]:
        return [text for text in home.spoken() if text.startswith(f"{name} ")]

    wait_until(lambda: set(wanted) <= set(mine()), "all sentences", START_SECONDS)
    found = mine()
    assert len(found) == len(set(found)), "a sentence is there twice"
    tell(
        name, f"killed under load: {len(wanted)} said, {len(found)} stored, back in {seconds:.0f} s"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--compose", default="docker compose", help="how Compose is called")
    parser.add_argument("--image", default="moxie-tts-mirror:latest", help="image to try")
    args = parser.parse_args()
    image, _colon, version = args.image.rpartition(":")
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        directory.chmod(0o755)
        pulse, home_directory = directory / "pulse", directory / "home"
        for each in (pulse, home_directory):
            each.mkdir()
        ports = ("HIVE_PORT", "HTTP_PORT", "MQTT_PORT", "MQTT_SSL_PORT", "MQTT_LAN_PORT")
        home = Home(
            home_directory,
            args.compose,
            **{name: str(free_port()) for name in ports},
            COMPOSE_PROJECT_NAME=f"moxie{os.getpid()}",
            MOXIE_IMAGE=image,
            MOXIE_VERSION=version,
            PULSE_DIR=str(pulse),
        )
        socket = f"module-native-protocol-unix auth-anonymous=1 socket={pulse}/native"
        server = stack.enter_context(sound_server_in(directory, "module-always-sink", socket))
        tell("files", sorted(path.name for path in home_directory.iterdir()))
        stack.callback(home.compose, "down", "-v")
        began = time.monotonic()
        home.start()
        tell("up", f"all healthy after {time.monotonic() - began:.1f} s")
        account = home.compose("exec", "-T", "web", "python", "manage.py", "create_first_account")
        password = account.split("password")[1].split()[0]
        assert not answers(int(home.settings["MQTT_PORT"])), "the broker's plain port is published"
        browser, device = Sink(is_default=False), Sink()
        with listening(home, password, browser):
            hear(home, {"Chromium": browser, "PulseAudio": device})
        server.kill()
        server.start()
        with closing(Sink()) as again:
            time.sleep(5)  # until the service has looked for its device
            hear(home, {"PulseAudio, begun anew": again})
        for name in CONTAINERS:
            kill_under_load(home, name)
        for name in CONTAINERS:
            seconds = home.restarted(name, lambda name=name: home.signal(name, signal.SIGSTOP))  # type: ignore[misc]
            tell(name, f"frozen: started again and healthy after {seconds:.0f} s")
        home.manage("say", "Todo en orden", "--wait")
    return 0


if __name__ == "__main__":
    sys.exit(main())
