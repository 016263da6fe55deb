"""The hive's pages and admin."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hive.models import Robot
from tests.support.accounts import make_user
from tests.unit.hive.conftest import DEVICE, FakeMirror, SentServer
from ttsmirror.publishing.confirmations import MirrorState
from ttsmirror.reasons import Reason, reason_columns


@pytest.fixture
def admin_browser(db: Any) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("boss", password="a-long-password"))
    return client


def test_empty_dashboard_explains_how_to_connect(browser: Client, server: SentServer) -> None:
    page = browser.get("/").content.decode()
    assert "manage.py virtual_moxie --host localhost --port 1883" in page
    assert 'id="welcome" hidden' not in page


def test_dashboard_lists_robots(browser: Client, robot: Robot, server: SentServer) -> None:
    page = browser.get("/").content.decode()
    assert f'href="/puppet/{DEVICE}/"' in page
    assert 'id="welcome" hidden' in page


def test_puppet_mode_shows_robot_and_moods(
    browser: Client, robot: Robot, server: SentServer
) -> None:
    Robot.objects.update(name='<b>"Moxie"</b>', puppet_state="READY")
    page = browser.get(f"/puppet/{DEVICE}/").content.decode()

    assert "&lt;b&gt;&quot;Moxie&quot;&lt;/b&gt;" in page
    assert "<b>" not in page
    assert page.count('name="mood"') == 12
    assert "csrftoken" in browser.cookies
    assert browser.get("/puppet/d_nobody/").status_code == 404


def test_earlier_lines_are_escaped(browser: Client, robot: Robot, server: SentServer) -> None:
    server.lines.add(uuid.uuid4(), DEVICE, "<script>alert(1)</script>", "shy", 0.5)
    page = browser.get(f"/puppet/{DEVICE}/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_failures_on_hive_pages_are_spanish(
    browser: Client, robot: Robot, server: SentServer
) -> None:
    line_id = uuid.uuid4()
    server.lines.add(line_id, DEVICE, "Hola", "shy", 0.5)
    cause = Reason("no sound device can be used ({cause})", cause=Reason("it is closed"))
    server.lines.update_status({"id": str(line_id), "event": "failed"} | reason_columns(cause))
    server.speech.update_broker_error(
        Reason(
            "no broker answers at {address}: {cause}",
            address="b:1883",
            cause=Reason("nothing listens there"),
        )
    )

    language = {"accept-language": "es"}
    puppet = browser.get(f"/puppet/{DEVICE}/", headers=language).content.decode()
    home = browser.get("/", headers=language).content.decode()

    assert "no se puede usar ningún dispositivo de sonido (está cerrado)</span>" in puppet
    assert "ningún broker responde en b:1883" in home


def part(browser: Client, name: str) -> str:
    """Return the text of one part of the dashboard's loudspeaker card."""
    found = re.search(rf'data-part="{name}"[^>]*>(.*?)</p>', browser.get("/").content.decode())
    assert found
    return found[1]


def test_dashboard_shows_mirror_state(browser: Client, server: SentServer) -> None:
    assert part(browser, "outbox") == ""
    server.speech.update_broker_error("")
    server.speech.update_presence("online")
    assert server.speech.update_mirror(MirrorState(waiting=3, overdue=3, lost=2))
    assert not server.speech.update_mirror(MirrorState(waiting=3, overdue=3, lost=2))
    assert "Published sentences are not confirmed" in part(browser, "problem")
    assert part(browser, "outbox") == (
        "Kept until they are stored: 3 · Dropped, not in the history: 2"
    )
    server.speech.update_mirror(MirrorState(waiting=1, error="disk full"))
    assert part(browser, "problem") == "Sentences are kept in memory only: disk full"
    server.speech.update_mirror(MirrorState(waiting=1))
    assert part(browser, "outbox") == "", "it is confirmed in a moment"


def test_health_names_mirror_failure(
    browser: Client, server: SentServer, mirror: FakeMirror
) -> None:
    mirror.state = MirrorState(waiting=3, overdue=3, lost=2)
    check = browser.get("/health").json()["checks"]["mirror"]
    assert "published sentences are not confirmed (sentences: 3)" in check["detail"]
    assert check["reason"]["params"]["count"] == 3, "so that it can be translated"
    assert (check["ok"], check["waiting"], check["lost"]) == (False, 3, 2)


def test_pages_need_a_login(client: Client, db: Any) -> None:
    for path in ("/", f"/puppet/{DEVICE}/", "/speak/", "/chat/"):
        assert client.get(path).status_code == 302


def test_health_without_login_has_no_details(client: Client, server: SentServer, db: Any) -> None:
    response = client.get("/health")
    assert response.status_code == 503  # the robot link is not started here
    checks = response.json()["checks"]
    assert {name: check.keys() for name, check in checks.items()} == {
        "broker": {"ok", "since"},
        "database": {"ok", "since"},
        "mirror": {"ok", "since"},
        "robots": {"ok", "since"},
        "certificate": {"ok", "since"},
    }
    assert not checks["broker"]["ok"] and checks["broker"]["since"]
    assert checks["database"] == checks["mirror"] == {"ok": True, "since": None}


def test_admin_writes_fields_into_configuration(
    admin_browser: Client, robot: Robot, server: SentServer
) -> None:
    url = f"/admin/hive/robot/{robot.pk}/change/"
    assert admin_browser.get(url).status_code == 200
    form = {
        "name": "Azul",
        "nickname": "Lucía",
        "audio_volume": "0.3",
        "screen_brightness": "",
        "timezone_id": "America/Bogota",
        "config": json.dumps({"screen_brightness": "0.5"}),
    }
    Robot.objects.update(config={"screen_brightness": "0.5"})
    response = admin_browser.post(url, form)

    assert response.status_code == 302, response.content.decode()
    robot.refresh_from_db()
    assert robot.config == {"audio_volume": "0.3", "timezone_id": "America/Bogota"}
    assert (str(robot), robot.online) == ("Azul", True)


def test_admin_explains_empty_choice(
    admin_browser: Client, robot: Robot, server: SentServer, settings: Any
) -> None:
    own = admin_browser.get(f"/admin/hive/robot/{robot.pk}/change/").content.decode()
    assert "as in the configuration of all robots" in own
    general = admin_browser.get("/admin/hive/configuration/", follow=True).content.decode()
    assert f"default: {settings.TIME_ZONE}" in general
    assert "as in the configuration of all robots" not in general


def test_admin_refuses_invalid_configuration(
    admin_browser: Client, robot: Robot, server: SentServer
) -> None:
    url = f"/admin/hive/robot/{robot.pk}/change/"
    form = {"name": "Azul", "config": json.dumps({"audio_volume": "loud"})}
    assert "audio_volume" in admin_browser.post(url, form).content.decode()
    robot.refresh_from_db()
    assert robot.config == {}


def test_configuration_opens_without_list(admin_browser: Client, db: Any) -> None:
    response = admin_browser.get("/admin/hive/configuration/")
    assert response["Location"] == "/admin/hive/configuration/1/change/"
    assert admin_browser.get(response["Location"]).status_code == 200
    assert admin_browser.get("/admin/hive/configuration/add/").status_code == 403


@pytest.mark.parametrize(("group", "status"), [("listen", 403), ("speak", 200)])
def test_only_speakers_open_the_pages_that_speak(
    server: Any, robot: Robot, group: str, status: int
) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user("somebody", group))
    assert client.get("/").status_code == 200
    for page in ("/speak/", "/chat/", f"/puppet/{robot.device_id}/"):
        assert client.get(page).status_code == status


def test_listener_is_not_led_to_pages_that_speak(server: Any, robot: Robot) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user("listener", "listen"))
    page = client.get("/").content.decode()
    assert '<a class="card loudspeaker-card order-2" hidden' in page
    assert 'data-part="speak" hidden' in page
    assert "/admin/" not in page
