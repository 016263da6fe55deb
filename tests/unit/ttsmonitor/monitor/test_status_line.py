"""The status line of every page, and the buttons that mend what it reports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.db import OperationalError
from django.test import Client
from PIL import Image

from hive.models import Approval, Robot
from tests.support.accounts import make_user
from tests.support.web_fakes import FakeService
from ttsmirror.wire.control import Control
from ttsmonitor import live_events
from ttsmonitor.groups import LISTEN
from ttsmonitor.monitor import status_line
from ttsmonitor.monitor.routing import websocket_urlpatterns
from ttsmonitor.web import notices

TEMPLATES = Path(status_line.__file__).parents[1] / "templates" / "ttsmonitor"


class Controlled(FakeService):
    """A service with these values in its status."""

    def __init__(self, **values: Any) -> None:
        super().__init__()
        self.values = values

    def status(self) -> dict[str, Any]:
        return super().status() | self.values


@pytest.fixture
def set_status(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that installs a service with these values in its status."""

    def install(**values: Any) -> Controlled:
        made = Controlled(**values)
        monkeypatch.setattr("ttsmonitor.service.service.current", lambda: made)
        return made

    return install


def shown(page: str) -> list[str]:
    """Return the codes of the visible notices."""
    return re.findall(r'data-notice="(\w*)">', page)


def robot(name: str, **fields: Any) -> None:
    Robot.objects.create(
        device_id=f"d_{name}", name=name, approval=Approval.APPROVED, online=False, **fields
    )


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, ""),
        ({"muted": True}, "muted"),
        ({"volume": 0.0}, "silent"),
        ({"paused": True}, "paused"),
        ({"paused": True, "muted": True, "volume": 0.0}, "muted"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/history/", "/diagnostics/", "/phone/"])
def test_line_shows_the_most_urgent_control(
    browser: Client, set_status: Any, path: str, values: dict[str, Any], code: str
) -> None:
    set_status(**values)
    assert shown(browser.get(path).content.decode()) == [code]


@pytest.mark.parametrize(
    ("check", "code"),
    [("broker", "broker"), ("audio", "audio"), ("synthesis", "voice"), ("database", "fault")],
)
def test_failing_check_precedes_a_muted_loudspeaker(
    browser: Client, set_status: Any, check: str, code: str
) -> None:
    set_status(muted=True).break_check(check, "gone")
    assert shown(browser.get("/").content.decode()) == [code]


def test_page_with_a_failing_database_names_a_fault(
    browser: Client, speech: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(speech, "status", fail)
    monkeypatch.setattr("hive.notices.Robot.objects.approved", fail)
    assert shown(browser.get("/phone/").content.decode()) == ["fault"]


def test_line_names_the_only_robot_that_is_offline(browser: Client, speech: FakeService) -> None:
    robot("Luna")
    assert "Luna is offline." in browser.get("/").content.decode()
    robot("Sol")
    page = browser.get("/").content.decode()
    assert shown(page) == ["robots"]
    assert ">All robots are offline.</span>" in page
    Robot.objects.filter(name="Sol").update(online=True)
    assert shown(browser.get("/").content.decode()) == [""]


def test_stranger_sees_no_line(visitor: Client, speech: FakeService) -> None:
    assert 'id="status-line"' not in visitor.get("/accounts/login/").content.decode()


def test_template_has_a_line_for_every_notice() -> None:
    source = (TEMPLATES / "_status_line.html").read_text()
    lines = re.findall(r'data-notice="(\w+)"', source)
    assert lines == ["stale", *notices.ORDER]


@pytest.mark.parametrize(
    ("notice", "control"),
    [
        ("muted", Control(action="unmute")),
        ("silent", Control(action="volume", value=0.6)),
        ("paused", Control(action="resume")),
    ],
)
def test_button_sends_the_control_that_mends(
    browser: Client, speech: FakeService, notice: str, control: Control
) -> None:
    answer = browser.post("/mend/", {"notice": notice, "next": "/history/"})
    assert (answer.status_code, answer["Location"]) == (302, "/history/")
    assert speech.controls == [control]
    answer = browser.post("/mend/", {"notice": notice}, headers={"accept": "application/json"})
    assert answer.status_code == 202


def test_listener_may_not_mend_and_is_told(
    visitor: Client, speech: FakeService, set_status: Any
) -> None:
    visitor.force_login(make_user("listener", LISTEN))
    service = set_status(muted=True)
    page = visitor.get("/history/").content.decode()
    assert 'action="/mend/"' not in page
    assert "Your account may not change that." in page
    assert visitor.post("/mend/", {"notice": "muted"}).status_code == 403
    assert service.controls == []


def test_unknown_notice_is_404(browser: Client, speech: FakeService) -> None:
    assert browser.post("/mend/", {"notice": "broker"}).status_code == 404
    assert browser.get("/mend/").status_code == 405


@pytest.mark.django_db(transaction=True)
async def test_page_gets_new_notices_after_a_change(set_status: Any) -> None:
    service = set_status()
    communicator = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/notices/")
    communicator.scope["user"] = User(username="parent", is_superuser=True)
    assert (await communicator.connect())[0]
    assert await communicator.receive_json_from() == {"type": "snapshot", "notices": []}
    layer: Any = get_channel_layer()
    service.values["muted"] = True
    for kind in ("progress", "status"):
        event = live_events.page_events([{"type": kind}])
        await layer.group_send(live_events.MONITOR_GROUP, event)
    muted = {"code": "muted", "name": ""}
    assert await communicator.receive_json_from() == {"type": "notices", "notices": [muted]}
    await database_sync_to_async(robot)("Luna")
    event = live_events.page_events([{"type": "robot"}])
    await layer.group_send(live_events.ROBOTS_GROUP, event)
    luna = {"code": "robots", "name": "Luna"}
    assert (await communicator.receive_json_from())["notices"] == [muted, luna]
    await layer.group_send(live_events.MONITOR_GROUP, live_events.page_events([{"type": "bye"}]))
    assert await communicator.receive_output() == {"type": "websocket.close", "code": 4012}


def test_manifest_needs_no_login_and_names_existing_icons(visitor: Client) -> None:
    answer = visitor.get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    manifest = answer.json()
    assert (manifest["start_url"], manifest["display"]) == ("/", "standalone")
    for icon in manifest["icons"]:
        found = finders.find(icon["src"].removeprefix("/static/"))
        with Image.open(str(found)) as image:
            assert f"{image.width}x{image.height}" == icon["sizes"]
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
