"""The groups listen, speak and administer, and what pages and API allow them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection
from django.test import Client

from tests.support.accounts import make_user
from tests.support.web_fakes import FakeService, utterance
from ttsmirror.models import Utterance
from ttsmonitor.groups import ADMINISTER, LISTEN, SPEAK, make_groups
from ttsmonitor.models import ApiToken, PronunciationEntry

CONTROL = ("/api/control", {"action": "pause"})
PRONOUNCE = ("/api/pronunciations", {"written": "Xiadani", "said": "siadani"})


def visit(user: User, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def post(client: Client, way: tuple[str, dict[str, Any]]) -> int:
    path, body = way
    return client.post(path, json.dumps(body), content_type="application/json").status_code


@pytest.mark.usefixtures("monitor_urls")
@pytest.mark.parametrize(
    ("group", "controls", "speaks", "keeps_words", "opens_admin"),
    [
        (LISTEN, 403, 403, 403, 403),
        (SPEAK, 200, 400, 403, 403),
        (ADMINISTER, 200, 400, 201, 200),
    ],
)
def test_group_may_do_what_its_name_says(
    db: Any,
    speech: FakeService,
    group: str,
    controls: int,
    speaks: int,
    keeps_words: int,
    opens_admin: int,
) -> None:
    client = visit(make_user("somebody", group))
    for page in ("/", "/history/", "/history/download.txt", "/api/queue"):
        assert client.get(page).status_code == 200
    assert post(client, CONTROL) == controls
    assert post(client, ("/api/say", {"text": ""})) == speaks
    assert post(client, PRONOUNCE) == keeps_words
    assert client.get("/admin/ttsmirror/utterance/", follow=True).status_code == opens_admin


@pytest.mark.usefixtures("monitor_urls")
def test_controls_of_a_listener_are_disabled_and_say_so(db: Any, speech: FakeService) -> None:
    utterance("Hola")
    listener, speaker = (visit(make_user(group, group)) for group in (LISTEN, SPEAK))
    for client, is_disabled in ((listener, True), (speaker, False)):
        page = client.get("/").content.decode()
        (pause,) = re.findall(r'<button[^>]* id="pause"[^>]*>', page)
        assert ("aria-disabled" in pause) is is_disabled
        assert ("Your account may not change that." in page) is is_disabled
    again = 'form="again"'
    assert again not in listener.get("/history/").content.decode()
    assert again in speaker.get("/history/").content.decode()


@pytest.mark.usefixtures("monitor_urls")
def test_administrator_deletes_from_the_history(db: Any) -> None:
    row = utterance("Hola")
    form = {"id": row.pk, "sure": "1"}
    assert visit(make_user("speaker", SPEAK)).post("/history/delete/", form).status_code == 403
    assert Utterance.objects.exists()
    keeper = visit(make_user("keeper", ADMINISTER))
    assert keeper.post("/history/delete/", form).status_code == 302
    assert not Utterance.objects.exists()


def test_administrator_manages_no_accounts(db: Any) -> None:
    """An account that manages accounts could make itself a superuser."""
    keeper = visit(make_user("keeper", ADMINISTER))
    assert keeper.get("/admin/").status_code == 200
    assert keeper.get("/admin/auth/user/").status_code == 403
    assert not make_user("other", ADMINISTER).has_perm("auth.change_user")


@pytest.mark.usefixtures("monitor_urls")
def test_token_has_no_more_rights_than_its_account(db: Any, speech: FakeService) -> None:
    token = ApiToken.issue(make_user("listener", LISTEN), "all", ["read", "control"])
    client = Client(headers={"authorization": f"Bearer {token}"})
    assert client.get("/api/queue").status_code == 200
    assert post(client, CONTROL) == 403
    assert speech.controls == []


@pytest.mark.usefixtures("monitor_urls")
def test_token_with_admin_scope_changes_the_pronunciations(db: Any) -> None:
    keeper = make_user("keeper", ADMINISTER)
    for scopes, status in ((["read", "speak", "control"], 403), (["admin"], 201)):
        token = ApiToken.issue(keeper, "words", scopes)
        client = Client(headers={"authorization": f"Bearer {token}"})
        assert post(client, PRONOUNCE) == status
    assert PronunciationEntry.objects.filter(written="Xiadani").count() == 1


@pytest.mark.usefixtures("monitor_urls")
def test_token_needs_the_admin_scope_to_delete(db: Any) -> None:
    row = utterance("Hola")
    keeper = make_user("keeper", ADMINISTER)
    for scopes, status in ((["read", "speak", "control"], 403), (["admin"], 302)):
        token = ApiToken.issue(keeper, "cleaner", scopes)
        client = Client(enforce_csrf_checks=True, headers={"authorization": f"Bearer {token}"})
        form = {"id": row.pk, "sure": "1"}
        assert client.post("/history/delete/", form).status_code == status
    assert not Utterance.objects.exists()


@pytest.mark.usefixtures("monitor_urls")
def test_narrow_token_is_narrow_with_login_off(db: Any, speech: FakeService, settings: Any) -> None:
    settings.MOXIE_REQUIRE_LOGIN = False
    token = ApiToken.issue(make_user("listener", LISTEN), "display", ["read"])
    client = Client(headers={"authorization": f"Bearer {token}"})
    assert client.get("/api/queue").status_code == 200
    assert post(client, CONTROL) == 403


@pytest.mark.parametrize(
    ("language", "names"),
    [("en", ["administer", "listen", "speak"]), ("es", ["administrar", "escuchar", "hablar"])],
)
def test_groups_are_named_in_the_visitors_language(
    db: Any, language: str, names: list[str]
) -> None:
    user = User.objects.create_superuser("keeper")
    for page in ("/admin/auth/group/", f"/admin/auth/user/{user.pk}/change/"):
        shown = visit(user, language).get(page).content.decode()
        assert all(f">{name}</" in shown for name in names), page
    Group.objects.create(name="robots")
    assert str(Group.objects.get(name="robots")) == "robots"


def test_making_groups_again_changes_nothing(db: Any) -> None:
    def state() -> dict[str, set[str]]:
        return {
            group.name: set(group.permissions.values_list("codename", flat=True))
            for group in Group.objects.all()
        }

    before = state()
    make_groups()
    assert state() == before
    assert before[LISTEN] == {"read"}
    assert before[SPEAK] == {"read", "speak", "control"}
    Group.objects.all().delete()
    make_groups()
    assert state() == before


@pytest.fixture
def forward_again(transactional_db: None) -> Iterator[None]:
    """Leave the database at the newest migration."""
    yield
    call_command("migrate", verbosity=0)


def test_earlier_accounts_and_tokens_keep_what_they_could(
    forward_again: None, speech: FakeService, monitor_urls: None
) -> None:
    call_command("migrate", "ttsmonitor", "0010", verbosity=0)
    Group.objects.all().delete()
    User.objects.create_superuser("moxie", password="a-long-password")
    mum = User.objects.create_user("mum")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ttsmonitor_apitoken (name, user_id, digest, created_at)"
            " VALUES ('old', %s, %s, '2026-01-01')",
            [User.objects.get(username="moxie").pk, ApiToken.digest_of("secret")],
        )
    call_command("migrate", verbosity=0)
    assert [group.name for group in mum.groups.all()] == [SPEAK]
    client = visit(mum)
    assert client.get("/").status_code == 200
    assert post(client, CONTROL) == 200
    program = Client(headers={"authorization": "Bearer secret"})
    assert program.get("/api/queue").status_code == 200
    assert post(program, CONTROL) == 200
    assert post(program, PRONOUNCE) == 403
    assert program.get("/admin/").status_code == 403
