"""The login: too many wrong passwords, and one-time links."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from hive.process import account, readiness
from tests.support.accounts import make_user
from ttsmonitor.models import LoginLink

pytestmark = pytest.mark.django_db
RIGHT = "a-long-password"
HOME: dict[str, Any] = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "localhost:8000"}


def try_password(password: str, name: str = "parent", address: str = "10.0.0.2") -> Any:
    client = Client(REMOTE_ADDR=address, headers={"accept-language": "en"})
    return client.post("/accounts/login/?next=/history/", {"username": name, "password": password})


def lock(name: str = "parent", address: str = "10.0.0.2") -> Any:
    for _ in range(4):
        assert try_password("guess", name, address).status_code == 200
    return try_password("guess", name, address)


def test_fifth_wrong_password_locks_name_and_says_how_long(parent: User) -> None:
    response = lock()
    assert response.status_code == 429
    assert "Wait 5 min and try again" in response.content.decode()
    assert "/accounts/login/?next=/history/" in response.content.decode()
    assert 290 <= int(response["Retry-After"]) <= 300
    assert try_password(RIGHT).status_code == 429
    assert "sessionid" not in try_password(RIGHT).cookies


def test_lock_is_explained_in_spanish(parent: User) -> None:
    lock()
    client = Client(REMOTE_ADDR="10.0.0.2", headers={"accept-language": "es"})
    page = client.post("/accounts/login/", {"username": "parent", "password": RIGHT})
    assert "Espera 5 min" in page.content.decode()


def test_lock_holds_for_other_programs_of_the_same_address(parent: User) -> None:
    lock()
    client = Client(REMOTE_ADDR="10.0.0.2", headers={"user-agent": "another"})
    for forged in ({}, {"X-Forwarded-For": "10.9.9.9"}, {"Forwarded": "for=10.9.9.9"}):
        form = {"username": "parent", "password": RIGHT}
        assert client.post("/accounts/login/", form, headers=forged).status_code == 429


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("127.0.0.1", "127.9.8.7"),
        ("127.0.0.1", "::1"),
        ("127.0.0.1", "::ffff:127.0.0.2"),
        ("192.168.1.7", "::ffff:192.168.1.7"),
        ("2001:db8:1:2::3", "2001:db8:1:2:a:b:c:d"),
        ("fe80::1%eth0", "fe80::ab:2%eth0"),
    ],
)
def test_lock_holds_for_all_addresses_of_a_computer(parent: User, first: str, second: str) -> None:
    lock(address=first)
    assert try_password(RIGHT, address=second).status_code == 429


@pytest.mark.parametrize("other", ["192.168.1.8", "2001:db8:1:3::3", "::1"])
def test_lock_leaves_other_computers_in(parent: User, other: str) -> None:
    lock(address="192.168.1.7")
    assert try_password(RIGHT, address=other).status_code == 302


def test_lock_of_one_name_leaves_the_family_in(parent: User) -> None:
    """The family may share the address of a proxy; the name may be used from another address."""
    make_user("sister", "listen")
    lock()
    assert try_password(RIGHT, "sister").status_code == 302
    assert try_password(RIGHT, "parent", "10.0.0.3").status_code == 302


def test_lock_ends_after_its_time_and_is_not_prolonged(parent: User) -> None:
    lock()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=4, seconds=10))
    response = try_password("guess again")
    assert "Wait 1 min" in response.content.decode()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=5, seconds=1))
    assert try_password(RIGHT).status_code == 302


def test_right_password_forgets_the_wrong_ones(parent: User) -> None:
    for _ in range(3):
        for _ in range(4):
            assert try_password("guess").status_code == 200
        assert try_password(RIGHT).status_code == 302


def test_password_is_nowhere_in_the_record_of_an_attempt(parent: User) -> None:
    try_password("my other password")
    assert "my other password" not in str(AccessAttempt.objects.values())


def reset(*arguments: str) -> str:
    output = StringIO()
    call_command("reset_password", *arguments, stdout=output)
    return output.getvalue().split()[-1]


def test_reset_password_unlocks_and_ends_sessions(parent: User) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(parent)
    lock()
    password = reset("parent")
    assert try_password(password).status_code == 302
    assert client.get("/").status_code == 302
    assert try_password(RIGHT).status_code == 200


def test_reset_password_names_what_is_missing() -> None:
    with pytest.raises(CommandError, match="create_first_account"):
        reset()
    make_user("ghost")
    User.objects.create_superuser("grand ma")
    with pytest.raises(CommandError, match=r"no account 'moxie'.* reset_password 'grand ma'"):
        reset()
    User.objects.update(is_active=False)
    with pytest.raises(CommandError, match="not active"):
        reset("ghost")


@pytest.fixture
def link() -> str:
    """Return the path of a fresh link of the first account."""
    account.make_account()
    return account.one_time_link(8000).removeprefix("http://localhost:8000")


def follow(link: str, language: str = "en", **environ: Any) -> Any:
    return Client(headers={"accept-language": language}).get(link, **HOME | environ)


@pytest.fixture
def one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the test's connection, which the thread of the supervisor closes."""
    monkeypatch.setattr(connections, "close_all", lambda: None)


@pytest.mark.usefixtures("one_connection")
def test_first_run_prints_a_link_that_logs_in() -> None:
    text = readiness.first_account()
    (link,) = (word for word in text.split() if "/accounts/once/" in word)
    path = link.removeprefix("http://localhost:8000")
    client = Client()
    assert client.get(path, **HOME)["Location"] == "/"
    assert client.get("/", **HOME).status_code == 200
    assert readiness.first_account() == ""


def test_link_works_once_and_then_leads_to_the_login(link: str) -> None:
    assert follow(link).status_code == 302
    response = follow(link)
    assert response.status_code == 410
    assert "sessionid" not in response.cookies
    assert "This link has been used" in response.content.decode()
    assert 'href="/accounts/login/"' in response.content.decode()
    assert "Este enlace ya se usó" in follow(link, "es").content.decode()


def test_link_expires_after_ten_minutes(link: str) -> None:
    left = LoginLink.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=9, seconds=50) < left <= timedelta(minutes=10)
    LoginLink.objects.update(expires_at=timezone.now())
    response = follow(link)
    assert response.status_code == 410
    assert "This link has expired" in response.content.decode()
    assert 'href="/accounts/login/"' in response.content.decode()


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "192.168.1.7"},
        {"REMOTE_ADDR": "::ffff:192.168.1.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_HOST": "moxie.example"},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)
def test_link_works_on_the_servers_computer_only(
    link: str, settings: Any, environ: dict[str, str]
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    response = follow(link, **environ)
    assert response.status_code == 403
    assert "sessionid" not in response.cookies
    assert follow(link, REMOTE_ADDR="::1", HTTP_HOST="[::1]:8000").status_code == 302


def test_other_method_does_not_use_the_link(link: str) -> None:
    for method in ("HEAD", "POST", "OPTIONS"):
        assert Client().generic(method, link, **HOME).status_code == 405
    assert follow(link).status_code == 302


def test_unknown_link_and_inactive_account_are_refused(link: str) -> None:
    assert follow("/accounts/once/guess/").status_code == 404
    User.objects.update(is_active=False)
    assert follow(link).status_code == 410
    assert LoginLink.objects.get().used_at is None


def test_new_link_replaces_the_earlier_one(link: str) -> None:
    newer = account.one_time_link(8000).removeprefix("http://localhost:8000")
    assert follow(link).status_code == 404
    assert follow(newer).status_code == 302


@pytest.mark.usefixtures("one_connection")
@pytest.mark.parametrize(
    ("name", "value"), [("HTTP_HOST", "192.168.1.2"), ("ALLOWED_HOSTS", ["moxie.example"])]
)
def test_no_link_is_printed_where_it_would_not_work(
    monkeypatch: pytest.MonkeyPatch, settings: Any, name: str, value: Any
) -> None:
    if name == "HTTP_HOST":
        monkeypatch.setenv(name, value)
    else:
        settings.ALLOWED_HOSTS = value
    text = readiness.first_account()
    assert "password" in text
    assert "/accounts/once/" not in text
