"""People let robots in: API, pages, admin and command."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from hive.models import Approval, Configuration, Robot
from tests.support.accounts import make_user
from tests.unit.hive.conftest import DEVICE, FakeMirror, SentServer

BASE = f"/api/robots/{DEVICE}"
DECISIONS = {"approve": Approval.APPROVED, "revoke": Approval.REFUSED}


@pytest.fixture(autouse=True)
def asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_ALLOW_NEW_ROBOTS", "ask")


@pytest.fixture
def waiting(db: Any) -> Robot:
    return Robot.objects.create(device_id=DEVICE, online=True)


@pytest.fixture
def keeper(db: Any) -> Client:
    """Return the browser of an account that may change and delete robots."""
    user = make_user("keeper", "administer")
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(path, json.dumps(body or {}), content_type="application/json")


def approval() -> str:
    return Robot.objects.get().approval


@pytest.mark.parametrize("action", DECISIONS)
@pytest.mark.parametrize("before", Approval.values)
def test_decision_is_saved_and_answered(
    keeper: Client, server: SentServer, waiting: Robot, action: str, before: str
) -> None:
    Robot.objects.update(approval=before)
    answer = post(keeper, f"{BASE}/{action}")
    assert (answer.status_code, answer.json()["approval"]) == (200, DECISIONS[action])
    assert approval() == DECISIONS[action]
    (listed,) = keeper.get("/api/robots").json()["robots"]
    assert listed["approval"] == DECISIONS[action]


def test_forgotten_robot_is_deleted_unless_it_was_let_in(
    keeper: Client, server: SentServer, waiting: Robot
) -> None:
    Robot.objects.update(approval=Approval.APPROVED)
    answer = post(keeper, f"{BASE}/forget")
    assert (answer.status_code, answer.json()["error"]) == (409, "still_approved")
    Robot.objects.update(approval=Approval.REFUSED)
    assert post(keeper, f"{BASE}/forget").status_code == 200
    assert not Robot.objects.exists()
    for action in (*DECISIONS, "forget"):
        assert post(keeper, f"{BASE}/{action}").status_code == 404


@pytest.mark.parametrize("path", [f"{BASE}/{each}" for each in (*DECISIONS, "forget")])
def test_decision_needs_the_permission(
    browser: Client, server: SentServer, waiting: Robot, path: str
) -> None:
    assert post(browser, path).status_code == 403
    assert post(Client(), path).status_code == 401
    assert approval() == Approval.WAITING


def test_decision_needs_an_account_without_login_too(
    monkeypatch: pytest.MonkeyPatch, server: SentServer, waiting: Robot
) -> None:
    monkeypatch.setenv("MOXIE_REQUIRE_LOGIN", "0")
    assert post(Client(), f"{BASE}/approve").status_code == 401
    assert post(Client(), "/api/admission", {"enabled": True}).status_code == 401
    assert approval() == Approval.WAITING


def test_open_minute_needs_the_permission_and_ends(
    keeper: Client, browser: Client, server: SentServer
) -> None:
    assert post(browser, "/api/admission", {"enabled": True}).status_code == 403
    opened = post(keeper, "/api/admission", {"enabled": True}).json()
    assert opened["mode"] == "minute" and opened["open_until"]
    assert browser.get("/api/admission").json() == opened
    ended = post(keeper, "/api/admission", {"enabled": False}).json()
    assert (ended["mode"], ended["open_until"]) == ("ask", None)
    assert post(keeper, "/api/admission", {"enabled": 1}).json()["error"] == "invalid_enabled"


@pytest.mark.parametrize("state", [Approval.WAITING, Approval.REFUSED])
@pytest.mark.parametrize("path", ["/speak", "/interrupt", "/puppet", "/wakeup"])
def test_unapproved_robot_takes_no_commands(
    browser: Client,
    server: SentServer,
    mirror: FakeMirror,
    waiting: Robot,
    state: Approval,
    path: str,
) -> None:
    Robot.objects.update(approval=state)
    answer = post(browser, f"{BASE}{path}", {"text": "Hola", "enabled": True})
    assert (answer.status_code, answer.json()["error"]) == (409, "not_approved")
    assert server.lines.recent(DEVICE) == []
    assert not (mirror.texts or mirror.controls or server.published)
    assert not Robot.objects.get().puppet_mode


def test_unapproved_robot_has_no_puppet_page(
    browser: Client, server: SentServer, waiting: Robot
) -> None:
    assert browser.get(f"/puppet/{DEVICE}/").status_code == 404


@pytest.mark.parametrize(("language", "words"), [("en", "Let in"), ("es", "Dejar entrar")])
def test_dashboard_shows_waiting_robot_with_buttons(
    keeper: Client, server: SentServer, waiting: Robot, language: str, words: str
) -> None:
    page = keeper.get("/", headers={"accept-language": language}).content.decode()
    (shown,) = page.split('<ul class="undecided" id="waiting"')[1].split("</ul>")[:1]
    assert DEVICE in shown and words in shown
    robots = page.split('id="robots"')[1].split("</ul>")[0]
    assert DEVICE not in robots


def test_dashboard_has_no_buttons_without_permission(
    browser: Client, server: SentServer, waiting: Robot
) -> None:
    page = browser.get("/").content.decode()
    assert DEVICE in page
    assert "data-action" not in page
    assert "allow-new" not in page
    assert "Your account may not do that." in page


@pytest.mark.parametrize(
    ("action", "wanted"), [("let_in", Approval.APPROVED), ("revoke", Approval.REFUSED)]
)
def test_admin_decides_and_shows_the_state(
    admin_client: Client, server: SentServer, waiting: Robot, action: str, wanted: Approval
) -> None:
    url, english = "/admin/hive/robot/", {"accept-language": "en"}
    assert "waiting for approval" in admin_client.get(url, headers=english).content.decode()
    chosen = {"action": action, "_selected_action": [waiting.pk]}
    assert admin_client.post(url, chosen).status_code == 302
    assert approval() == wanted
    row = admin_client.get(f"{url}{waiting.pk}/change/", headers=english).content.decode()
    assert str(wanted.label) in row


def test_robot_that_is_entered_in_the_admin_is_let_in(
    admin_client: Client, server: SentServer
) -> None:
    form = {"device_id": "d_new", "name": "Azul", "config": "{}"}
    assert admin_client.post("/admin/hive/robot/add/", form).status_code == 302
    assert approval() == Approval.APPROVED


def robots(*arguments: str) -> str:
    output = io.StringIO()
    call_command("robots", *arguments, stdout=output)
    return output.getvalue()


def test_command_lists_lets_in_revokes_and_forgets(server: SentServer, waiting: Robot) -> None:
    assert robots() == f"{DEVICE}  waiting for approval  online  {waiting}\n"
    robots("let-in", DEVICE)
    assert approval() == Approval.APPROVED
    with pytest.raises(CommandError, match="revoke its access first"):
        robots("forget", DEVICE)
    robots("revoke", DEVICE)
    assert approval() == Approval.REFUSED
    robots("forget", DEVICE)
    assert not Robot.objects.exists()
    robots("let-in", DEVICE)  # before it has ever connected
    assert approval() == Approval.APPROVED


def test_command_speaks_the_language_of_the_terminal(
    server: SentServer, waiting: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_MX.UTF-8")
    assert robots() == f"{DEVICE}  espera aprobación  en línea  {waiting}\n"
    assert robots("let-in", DEVICE) == "Listo.\n"
    with pytest.raises(CommandError, match="Este robot tiene acceso: quítaselo primero"):
        robots("forget", DEVICE)


@pytest.mark.parametrize("arguments", [("let-in",), ("let-in", "moxie"), ("revoke", "d_nobody")])
def test_command_refuses_unknown_robot(db: Any, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"manage\.py robots"):
        robots(*arguments)
    assert not Robot.objects.exists()


def test_command_opens_a_minute(server: SentServer, db: Any) -> None:
    robots("allow-new")
    assert server.admission.describe()["mode"] == "minute"
    assert Configuration.load().new_robots_until is not None


@pytest.mark.django_db(transaction=True)
def test_migration_keeps_known_robots_approved() -> None:
    before = MigrationExecutor(connection)
    state = before.migrate([("hive", "0003_favourites")])
    try:
        state.apps.get_model("hive", "Robot").objects.create(device_id=DEVICE, name="Azul")
    finally:
        after = MigrationExecutor(connection)
        after.migrate(after.loader.graph.leaf_nodes("hive"))
    assert (approval(), str(Robot.objects.get())) == (Approval.APPROVED, "Azul")
    assert Robot.objects.create(device_id="d_new").approval == Approval.WAITING
