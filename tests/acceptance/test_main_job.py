"""A sentence goes from Puppet Mode to the sound device, the history and the live monitor.

Everything is real: Mosquitto, the processes as `script/server` starts them, a simulated robot, a
recorded sound device, Chromium.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import open_page
from tests.support.sound import (
    LOUD,
    RATE,
    Sink,
    likeness,
    read_wav,
)
from tests.support.tools import (
    Process,
    free_port,
    manage,
    run,
    running,
    wait_until,
)

pytestmark = [pytest.mark.browser, pytest.mark.sound]

SENTENCE = "Hola, soy Moxie hablando en español"


@dataclass
class Home:
    """A complete running installation."""

    environment: dict[str, str]
    password: str
    wav: Path
    sink: Sink

    @property
    def hive(self) -> str:
        return f"http://localhost:{self.environment['HIVE_PORT']}/"

    @property
    def monitor(self) -> str:
        return f"http://localhost:{self.environment['HTTP_PORT']}/"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, pulseaudio: None) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("home")
    ports = ("MQTT_PORT", "MQTT_SSL_PORT", "HIVE_PORT", "HTTP_PORT")
    environment = {name: str(free_port()) for name in ports} | {
        "MQTT_HOST": "localhost",
        "MOXIE_WORK_DIR": str(folder / "work"),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "TTS_ENGINE": "espeak",
        "TTS_AUDIO": "pyaudio,wav",
        "TTS_WAV_DIR": str(folder / "wav"),
    }
    printed = run(manage("prepare"), environment)
    found = re.search(r"password\s+(\S+)", printed)
    assert found, printed
    with (
        closing(Sink()) as sink,
        running(manage("run_all"), environment) as everything,
    ):
        everything.wait_for_line("Moxie is ready", timeout_seconds=60)
        yield Home(environment, found[1], folder / "wav", sink)


@dataclass
class Robot:
    """A simulated robot with its own Puppet Mode page."""

    process: Process
    page: str


@pytest.fixture
def robot(home: Home) -> Iterator[Robot]:
    device_id = f"d_{uuid.uuid4()}"
    with running(manage("virtual_moxie", "--id", device_id), home.environment) as process:
        process.wait_for_line("got its configuration")  # The hive knows the robot now.
        yield Robot(process, f"{home.hive}puppet/{device_id}/")


@pytest.fixture
def browser_page(home: Home) -> Iterator[Page]:
    with open_page() as page:
        yield page


def log_in(page: Page, home: Home) -> None:
    page.goto(home.hive)
    page.fill("input[name=username]", "moxie")
    page.fill("input[name=password]", home.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(re.compile(r":\d+/(setup/.*)?$"))  # the first login leads to the guide
    page.goto(home.hive)


def read(page: Page, url: str) -> dict[str, Any]:
    answer: dict[str, Any] = page.request.get(url).json()
    return answer


def test_sentence_goes_from_puppet_mode_to_the_loudspeaker(
    home: Home, robot: Robot, browser_page: Page
) -> None:
    puppet = browser_page
    log_in(puppet, home)
    monitor = puppet.context.new_page()
    monitor.goto(home.monitor)
    expect(monitor.locator("html")).to_have_attribute("lang", "es")
    before = read(puppet, f"{home.monitor}api/stats")

    puppet.goto(robot.page)
    puppet.click("#start")
    expect(puppet.locator("#stop")).to_be_visible()
    puppet.fill("#text", SENTENCE)
    puppet.press("#text", "Enter")

    # The robot spoke.
    robot.process.wait_for_line(SENTENCE)
    # Puppet Mode and the monitor show it without a reload.
    line = puppet.locator("#lines li", has_text=SENTENCE).first
    expect(line).to_have_attribute("data-state", "spoken", timeout=20_000)
    row = monitor.locator("#stream li", has_text=SENTENCE).first
    expect(row.locator(".state-spoken")).to_be_visible(timeout=20_000)

    # The sound device got exactly the synthesized samples.
    wait_until(lambda: home.sink.is_silent_for(0.3))
    path = max(home.wav.glob("*.wav"), key=lambda each: each.stat().st_mtime)
    samples, _rate = read_wav(path)
    recorded = home.sink.recorded()
    assert likeness(samples, recorded) > 0.9
    assert likeness(samples[::-1].copy(), recorded) < 0.3, "it would accept anything"
    assert int(np.abs(samples).max()) > 5_000

    # The history and the statistics have it.
    kept, *_older = read(puppet, f"{home.monitor}api/history")["utterances"]
    assert (kept["text"], kept["status"]) == (SENTENCE, "spoken")
    assert (kept["source"], kept["device_id"]) == ("puppet_mode", robot.page.split("/")[-2])
    assert kept["first_audio_ms"] > 0
    stats = read(puppet, f"{home.monitor}api/stats")
    assert stats["total"] == before["total"] + 1
    assert stats["by_status"]["spoken"] == before["by_status"]["spoken"] + 1


def test_escape_silences_the_robot_and_the_loudspeaker(
    home: Home, robot: Robot, browser_page: Page
) -> None:
    page = browser_page
    log_in(page, home)
    page.goto(robot.page)
    page.click("#start")
    page.fill("#text", "Había una vez un robot que quería aprender a bailar. " * 20)
    page.press("#text", "Enter")
    line = page.locator("#lines li").first
    expect(line).to_have_attribute("data-state", "playing", timeout=20_000)
    wait_until(lambda: (np.abs(home.sink.recorded()[-RATE // 10 :]) > LOUD).any(), "its sound")
    page.keyboard.press("Escape")
    expect(line).to_have_attribute("data-state", "interrupted", timeout=10_000)
    wait_until(lambda: home.sink.is_silent_for(0.5))
    robot.process.wait_for_line("Moxie stops speaking")
