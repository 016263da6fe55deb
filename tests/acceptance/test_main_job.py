"""The main job: typed in Puppet Mode in a browser, heard at the sound device, kept, shown live.

Everything is real: Mosquitto, the processes as `script/server` starts them, a simulated robot, a
recorded sound device, Chromium.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.chromium import open_page
from tests.sound import Sink, likeness, read_wav
from tests.tools import Process, free_port, manage, run, running, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.sound]

DEVICE = "d_5b2f1c5e-0a3c-4a62-9d1c-2f0a5a4e7b11"
SENTENCE = "Hola, soy Moxie hablando en español"


@dataclass
class Home:
    """A running installation, as a family has it."""

    environment: dict[str, str]
    password: str
    wav: Path

    @property
    def hive(self) -> str:
        return f"http://localhost:{self.environment['HIVE_PORT']}/"

    @property
    def monitor(self) -> str:
        return f"http://localhost:{self.environment['HTTP_PORT']}/"


@pytest.fixture
def home(tmp_path: Path, sink: Sink) -> Iterator[Home]:
    ports = ("MQTT_PORT", "MQTT_SSL_PORT", "HIVE_PORT", "HTTP_PORT")
    environment = {name: str(free_port()) for name in ports} | {
        "MQTT_HOST": "localhost",
        "MOXIE_WORK_DIR": str(tmp_path / "work"),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "TTS_ENGINE": "espeak",
        "TTS_AUDIO": "pyaudio,wav",
        "TTS_WAV_DIR": str(tmp_path / "wav"),
    }
    printed = run(manage("prepare"), environment)
    found = re.search(r"password\s+(\S+)", printed)
    assert found, printed
    with running(manage("run_all"), environment) as everything:
        everything.wait_for_line("Moxie is ready", timeout_seconds=60)
        yield Home(environment, found[1], tmp_path / "wav")


@pytest.fixture
def robot(home: Home) -> Iterator[Process]:
    with running(manage("virtual_moxie", "--id", DEVICE), home.environment) as process:
        process.wait_for_line("connected")
        yield process


@pytest.fixture
def browser_page(home: Home) -> Iterator[Page]:
    with open_page() as page:
        yield page


def log_in(page: Page, home: Home) -> None:
    page.goto(home.hive)
    page.fill("input[name=username]", "moxie")
    page.fill("input[name=password]", home.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(home.hive)


def test_a_sentence_goes_from_puppet_mode_to_the_loudspeaker(
    home: Home, robot: Process, browser_page: Page, sink: Sink
) -> None:
    puppet = browser_page
    log_in(puppet, home)
    monitor = puppet.context.new_page()
    monitor.goto(home.monitor)
    expect(monitor.locator("html")).to_have_attribute("lang", "es")

    puppet.goto(f"{home.hive}puppet/{DEVICE}/")
    puppet.click("#start")
    expect(puppet.locator("#stop")).to_be_visible()
    puppet.fill("#text", SENTENCE)
    puppet.press("#text", "Enter")

    # the robot
    robot.wait_for_line(SENTENCE)
    # the page it was typed on, and the monitor, both without a reload
    line = puppet.locator("#lines li", has_text=SENTENCE).first
    expect(line).to_have_attribute("data-state", "spoken", timeout=20_000)
    row = monitor.locator("#stream li", has_text=SENTENCE).first
    expect(row.locator(".state-spoken")).to_be_visible(timeout=20_000)

    # the sound device: the very samples that were made
    wait_until(lambda: sink.is_silent_for(0.3))
    (path,) = home.wav.glob("*.wav")
    samples, _rate = read_wav(path)
    assert likeness(samples, sink.recorded()) > 0.9
    assert likeness(samples[::-1].copy(), sink.recorded()) < 0.3, "it would accept anything"
    assert int(np.abs(samples).max()) > 5_000

    # the history and the figures
    (kept,) = puppet.request.get(f"{home.monitor}api/history").json()["utterances"]
    assert (kept["text"], kept["status"]) == (SENTENCE, "spoken")
    assert (kept["source"], kept["device_id"]) == ("puppet_mode", DEVICE)
    assert kept["first_audio_ms"] > 0
    stats = puppet.request.get(f"{home.monitor}api/stats").json()
    assert (stats["total"], stats["by_status"]["spoken"]) == (1, 1)


def test_escape_silences_the_robot_and_the_loudspeaker(
    home: Home, robot: Process, browser_page: Page, sink: Sink
) -> None:
    page = browser_page
    log_in(page, home)
    page.goto(f"{home.hive}puppet/{DEVICE}/")
    page.click("#start")
    page.fill("#text", "Había una vez un robot que quería aprender a bailar. " * 20)
    page.press("#text", "Enter")
    line = page.locator("#lines li").first
    expect(line).to_have_attribute("data-state", "playing", timeout=20_000)
    page.keyboard.press("Escape")
    expect(line).to_have_attribute("data-state", "interrupted", timeout=10_000)
    wait_until(lambda: sink.is_silent_for(0.5))
    robot.wait_for_line("Moxie stops speaking")
