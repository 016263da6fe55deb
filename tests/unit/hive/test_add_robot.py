"""Pages that add a robot: two QR codes, the robots that come, and the simulated one."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hive import add_robot
from hive.models import Approval, Configuration, Robot
from hive.mqtt.pairing_codes import endpoint_code, wifi_code
from tests.unit.hive.conftest import DEVICE, SentServer
from ttsmonitor.models import SetupGuide
from ttsmonitor.models.setup_guide import SESSION_KEY
from ttsmonitor.web import home_network
from ttsmonitor.web.qr_code import qr_code

HOME = "192.168.1.20"
WIFI, CODE, MAKE = "/robots/add/wifi/", "/robots/add/code/", "/robots/add/code/make/"
MEET, DONE, SIMULATED = "/robots/add/meet/", "/robots/add/done/", "/robots/simulated/"


class FakeSimulatedRobot:
    """A simulated robot that only records whether it is on."""

    is_running = False

    def start(self) -> None:
        self.is_running = True

    def stop(self) -> None:
        self.is_running = False


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be at home, with a broker that answers the network."""
    monkeypatch.setattr(home_network, "home_address", lambda: HOME)
    monkeypatch.setattr(add_robot, "is_own_address", lambda host: host == HOME)
    monkeypatch.setattr(add_robot, "answers", lambda host, port: True)


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> FakeSimulatedRobot:
    fake = FakeSimulatedRobot()
    monkeypatch.setattr(add_robot, "get_simulated_robot", lambda: fake)
    return fake


@pytest.fixture
def admin(admin_user: User, server: SentServer) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(admin_user)
    return client


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_wifi_is_shown_as_code_and_kept_nowhere(
    admin: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    response = admin.post(WIFI, {"ssid": "Casa", "password": "secreto123", "hidden": "on"})
    assert str(qr_code(wifi_code("Casa", "secreto123", hidden=True))) in response.content.decode()
    assert "secreto123" not in response.content.decode()
    assert "secreto123" not in caplog.text
    assert "no-store" in response["Cache-Control"]
    assert "Content-Encoding" not in response  # its length would tell of the password
    assert "qr-code" not in text(admin.get(WIFI))


@pytest.mark.parametrize(
    ("ssid", "password", "words"),
    [
        ("", "secreto123", "This field is required"),
        ("ñ" * 17, "secreto123", "too long for a Wi-Fi network"),
        ("Casa", "short", "8 to 64 characters"),
        ("Casa", "x" * 65, "8 to 64 characters"),
    ],
)
def test_impossible_wifi_is_refused_by_name(
    admin: Client, ssid: str, password: str, words: str
) -> None:
    page = text(admin.post(WIFI, {"ssid": ssid, "password": password}))
    assert words in page
    assert "qr-code" not in page


def test_spaces_in_wifi_names_are_kept(admin: Client) -> None:
    page = admin.post(WIFI, {"ssid": " Casa ", "password": " pass word "}).content.decode()
    assert str(qr_code(wifi_code(" Casa ", " pass word "))) in page


def test_endpoint_code_has_the_chosen_address(admin: Client) -> None:
    assert f'value="{HOME}"' in text(admin.get(CODE))
    page = admin.post(MAKE, {"host": HOME, "port": "8883"}, follow=True).content.decode()
    assert str(qr_code(endpoint_code(HOME, 8883))) in page
    assert Configuration.load().endpoint_host == HOME


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "0.0.0.0", "moxie.local", "::1", "1.2"])
def test_unreachable_endpoint_is_refused(admin: Client, host: str) -> None:
    page = text(admin.post(MAKE, {"host": host, "port": "8883"}))
    assert "qr-code" not in page
    assert 'aria-invalid="true"' in page
    assert Configuration.load().endpoint_host == ""


def test_changed_address_is_told_on_code_and_dashboard(admin: Client) -> None:
    Configuration.note_endpoint(HOME, 8883)
    assert 'id="moved"' not in text(admin.get(CODE)) + text(admin.get("/"))
    Configuration.note_endpoint("192.168.1.9", 8883)
    assert f"now has the address {HOME}" in text(admin.get(CODE))
    assert "192.168.1.9" in text(admin.get("/"))
    admin.post(MAKE, {"host": HOME, "port": "8883"})
    assert 'id="moved"' not in text(admin.get(CODE)) + text(admin.get("/"))


def test_closed_port_is_explained(
    admin: Client, server: SentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "cannot reach" not in text(admin.get("/robots/add/"))
    monkeypatch.setattr(add_robot, "answers", lambda host, port: False)
    assert "nothing answers at port 8883" in text(admin.get("/robots/add/"))
    server.speech.update_broker_kind("development")
    assert "sudo apt install mosquitto" in text(admin.get(CODE))
    monkeypatch.setattr(home_network, "home_address", lambda: "")
    assert "is not on a home network" in text(admin.get(CODE))


def test_robots_that_wait_and_that_are_in_are_met(admin: Client, robot: Robot) -> None:
    Robot.objects.create(device_id="d_new")
    Robot.objects.create(device_id="d_refused", approval=Approval.REFUSED)
    page = text(admin.get(MEET))
    assert 'data-robot="d_new" data-approval="waiting"' in page
    assert f'data-robot="{DEVICE}" data-approval="approved"' in page
    assert "d_refused" not in page


def test_robot_is_named(admin: Client, robot: Robot) -> None:
    answer = admin.post(
        f"/api/robots/{DEVICE}/name", {"name": " Pepe "}, content_type="application/json"
    )
    assert answer.json()["name"] == "Pepe"
    assert Robot.objects.get().name == "Pepe"
    assert 'value="Pepe"' in text(admin.get(MEET))


@pytest.mark.parametrize("name", ["x" * 101, 7, None])
def test_impossible_name_is_refused(admin: Client, robot: Robot, name: object) -> None:
    answer = admin.post(
        f"/api/robots/{DEVICE}/name", {"name": name}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_name")


@pytest.mark.parametrize("path", ["/", "/robots/add/"])
def test_simulated_robot_is_found_beside_other_robots(
    admin: Client, robot: Robot, path: str
) -> None:
    shown = admin.get(path).content.decode()
    _welcome, _mark, further = shown.rpartition("<section")  # the welcome is for no robot at all
    assert f'href="{SIMULATED}"' in further


def test_simulated_robot_is_switched_on_and_off(
    admin: Client, simulated: FakeSimulatedRobot
) -> None:
    assert "Start the simulated robot" in text(admin.get(SIMULATED))
    response = admin.post(f"{SIMULATED}switch/", {"on": "1"})
    assert (response["Location"], simulated.is_running) == (MEET, True)
    assert "Switch the simulated robot off" in text(admin.get(MEET))
    admin.post(f"{SIMULATED}switch/", {"on": "0"})
    assert not simulated.is_running


def test_done_leads_back_to_the_guide_under_way(admin: Client, robot: Robot) -> None:
    assert admin.get(DONE)["Location"] == "/"
    assert not SetupGuide.objects.exists()
    session = admin.session
    session[SESSION_KEY] = True
    session.save()
    assert admin.get(DONE)["Location"] == "http://testserver:8787/setup/end/"
    assert SetupGuide.load().done == ["robot"]
    assert "Back to the guide" in text(admin.get(MEET))


@pytest.mark.parametrize("path", ["/robots/add/", WIFI, CODE, MEET, DONE, SIMULATED])
def test_other_accounts_may_not_add_robots(browser: Client, path: str, server: SentServer) -> None:
    assert browser.get(path).status_code == 403
    assert "/robots/add/" not in text(browser.get("/"))
