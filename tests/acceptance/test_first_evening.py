"""A family's first evening in a browser: from the first login to a sentence that is heard."""

from __future__ import annotations

import base64
import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, ViewportSize

from tests.conftest import Broker
from tests.support.chromium import open_browser, visit
from tests.support.openmoxie import OpenMoxie, cloned, tls_broker
from tests.support.sound import LOUD, Sink
from tests.support.tools import free_port, manage, run, running, wait_until
from tests.support.voice_mirror import VoiceMirror, voice_mirror

pytestmark = pytest.mark.browser

SPANISH, ENGLISH = "es_MX-claude-high", "en_US-amy-medium"
PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
HOME = "192.168.1.50"
ENDPOINT = '{"debug": {"command": "om", "param": "CgFvQgwxOTIuMTY4LjEuNTBYs0VgAQ=="}}'


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VoiceMirror]:
    with voice_mirror(tmp_path_factory.mktemp("mirror"), SPANISH, ENGLISH) as made:
        yield made


def settings_of(work: Path, mirror: VoiceMirror) -> dict[str, str]:
    ports = ("MQTT_PORT", "MQTT_SSL_PORT", "HIVE_PORT", "HTTP_PORT")
    return {name: str(free_port()) for name in ports} | {
        "MQTT_HOST": "localhost",
        "MOXIE_WORK_DIR": str(work),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "TTS_VOICE_DIR": str(work / "voices"),
        "TTS_VOICE_SOURCE": mirror.url,
        "TTS_AUDIO": "pyaudio",
    }


def password_of(printed: str) -> str:
    found = re.search(r"password\s+(\S+)", printed)
    assert found, printed
    return found[1]


def log_in(page: Page, url: str, password: str) -> None:
    page.goto(url)
    page.fill("#id_username", "moxie")
    page.fill("#id_password", password)
    page.click("form button.btn-primary")


def go_on(page: Page, step: str) -> None:
    """Click the button that is shown for going on, and wait for the next step."""
    page.locator(".guide-foot .btn-primary:visible").click()
    page.wait_for_url(f"**/setup/{step}/")


def is_done(page: Page, step: str) -> bool:
    return page.locator(f".guide-step.is-done[data-step='{step}']").count() == 1


def wait_for_step(page: Page, step: str) -> None:
    page.locator(f".guide-step.is-done[data-step='{step}']").wait_for()


def read_qr(page: Page, selector: str) -> str:
    """Read the QR code as it is painted on the page."""
    picture = Image.open(io.BytesIO(page.locator(selector).screenshot()))
    (code,) = zxingcpp.read_barcodes(picture)
    return str(code.text)


def install_voice(page: Page) -> None:
    """Install the one voice that the mirror has for the page's language."""
    page.click("[data-act='refresh']")
    rows = page.locator("[data-part='catalogue'] .voice-row")
    wait_until(lambda: rows.count() == 1, "the mirror's list")
    rows.locator("[data-act='install']").click()
    wait_for_step(page, "voice")


def hear(page: Page, sink: Sink) -> None:
    """Let Moxie say the first sentence; it is heard at the sound device and told as spoken."""
    sink.forget()
    page.click("#say-hello")
    page.locator("#heard").wait_for()
    assert "is-good" in str(page.locator("#hello-state").get_attribute("class"))
    assert int(np.abs(sink.recorded()).max()) > LOUD


def test_family_comes_from_first_login_to_a_talking_robot(
    tmp_path: Path, mirror: VoiceMirror, sink: Sink
) -> None:
    environment = settings_of(tmp_path / "work", mirror)
    run(manage("prepare", "--no-account"), environment)
    hive = f"http://localhost:{environment['HIVE_PORT']}"
    monitor = f"http://localhost:{environment['HTTP_PORT']}"
    with running(manage("run_all"), environment) as everything, open_browser() as browser:
        everything.wait_for_line("Forgotten it?", 90)
        password = password_of(everything.output)
        with visit(browser, "es-ES", viewport=PHONE, has_touch=True, color_scheme="dark") as page:
            log_in(page, f"{hive}/", password)
            set_up_in_spanish(page, hive, monitor, sink)
        with visit(browser, "en-GB", viewport=DESKTOP, color_scheme="light") as page:
            log_in(page, f"{monitor}/", password)
            page.wait_for_url(f"{monitor}/")  # the guide is done
            set_up_in_english(page, monitor, sink)
            page.goto(f"{hive}/")
            page.locator(".robot.is-online", has_text="Pepe").wait_for()
        everything.signal(signal.SIGINT)
        assert everything.wait(40) == 0, everything.output
        assert "simulated robot stopped (rc=0)" in everything.output


def set_up_in_spanish(page: Page, hive: str, monitor: str, sink: Sink) -> None:
    page.wait_for_url(f"{monitor}/setup/language/")
    assert page.locator("h1").inner_text() == "¿Qué idiomas hablan en casa?"
    go_on(page, "voice")
    install_voice(page)
    go_on(page, "sound")
    sink.forget()
    page.click("[data-act='tone']")
    wait_until(lambda: np.abs(sink.recorded()).max(initial=0) > LOUD, "the tone")
    go_on(page, "robot")
    show_codes(page, hive)
    start_simulated_robot(page)
    page.click(".guide-foot .btn-primary")
    page.wait_for_url(f"{monitor}/setup/end/")
    assert "Hola, soy Moxie" in page.locator(".hello-words").inner_text()
    hear(page, sink)
    page.click("#heard button")
    page.wait_for_url(f"{monitor}/")
    assert "Moxie está listo" in page.locator("main").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def set_up_in_english(page: Page, monitor: str, sink: Sink) -> None:
    """Go through the guide again, for another language."""
    page.goto(f"{monitor}/settings/")
    page.click("a[href='/setup/']")
    page.check("input[value='en'][name='spoken']")
    page.uncheck("input[value='es'][name='spoken']")
    go_on(page, "voice")
    assert not is_done(page, "voice")
    install_voice(page)
    go_on(page, "sound")
    go_on(page, "robot")
    assert is_done(page, "robot")
    go_on(page, "end")
    assert "Hi, I'm Moxie" in page.locator(".hello-words").inner_text()
    hear(page, sink)


def show_codes(page: Page, hive: str) -> None:
    """Go through the pages for a real robot; its camera would read both codes."""
    page.click("#way-alone")
    page.wait_for_url(f"{hive}/robots/add/")
    page.click(".guide-foot .btn-primary")
    page.fill("#ssid", "Casa de Alma")
    page.fill("#password", "secreto123")
    page.click("#wifi-form button[type='submit']")
    wifi = read_qr(page, "#wifi-qr")
    assert wifi.startswith("PA")
    assert base64.b64decode(wifi[2:]) == b"\x0a\x0cCasa de Alma\x12\x0asecreto123\x28\x01"
    page.click(".guide-foot .btn-primary")
    page.fill("#host", HOME)
    page.fill("#port", "8883")
    page.click(".guide-finder button")
    assert read_qr(page, "#endpoint-qr") == ENDPOINT
    assert page.locator("#moved").is_visible()  # this computer has another address


def start_simulated_robot(page: Page) -> None:
    page.click(".guide-top a")
    page.click("#way-simulated")
    page.click("button[value='1']")
    page.locator(".met-robot .state-online").wait_for()
    page.fill(".met-robot input", "Pepe")
    page.click(".met-robot form button")
    page.locator("#saved", has_text="Pepe").wait_for()


def test_family_with_openmoxie_sees_it_connect_and_hears_it(
    tmp_path: Path, mosquitto: Broker, mirror: VoiceMirror, sink: Sink
) -> None:
    environment = settings_of(tmp_path / "work", mirror) | {
        "MQTT_HOST": mosquitto.host,
        "MQTT_PORT": str(mosquitto.port),
    }
    password = password_of(run(manage("prepare", "--monitor"), environment))
    monitor = f"http://localhost:{environment['HTTP_PORT']}"
    checkout = cloned(tmp_path)
    (checkout / "site/work").mkdir()  # it has run before
    with (
        running(manage("run_tts_subscriber"), environment) as speech,
        open_browser() as browser,
        visit(browser, "es-ES", viewport=PHONE) as page,
        tls_broker(tmp_path) as robot_port,
    ):
        speech.wait_for_line("monitor ready", 60)
        log_in(page, f"{monitor}/", password)
        page.wait_for_url(f"{monitor}/setup/language/")
        page.goto(f"{monitor}/setup/robot/")
        assert not page.locator("#way-alone").is_visible()
        page.fill("#folder", str(checkout))
        lines = page.locator("#commands code").all_inner_texts()
        openmoxie = type_commands(lines, checkout, robot_port)
        try:
            assert page.locator(".if-waiting").is_visible()
            openmoxie.start()
            page.locator(".if-connected").wait_for()  # without a reload
            sink.forget()
            openmoxie.puppet(command="speak", speech="Hola", mood="happy", intensity="0.5")
            wait_until(lambda: np.abs(sink.recorded()).max(initial=0) > LOUD, "the robot's words")
            go_on(page, "end")
            hear(page, sink)
        finally:
            openmoxie.close()


def type_commands(lines: list[str], checkout: Path, robot_port: int) -> OpenMoxie:
    """Type the lines of the page in a shell, but for the last, which runs until it is ended."""
    *lines, last = lines
    assert last == "python3 site/manage.py runserver --noreload"
    shell = " && ".join([*lines, "env"])
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ours = ("MQTT_", "TTS_", "DJANGO_", "MOXIE_", "PYTHONPATH")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        ["bash", "-c", shell],
        env=kept | {"PATH": path, "STANDIN_PORT": str(robot_port)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    given = dict(re.findall(r"^(MOXIE_TTS_\w+)=(.*)$", done.stdout, re.MULTILINE))
    assert "MOXIE_TTS_MQTT_PORT" in given
    return OpenMoxie(checkout, sys.executable, STANDIN_PORT=str(robot_port), **given)
