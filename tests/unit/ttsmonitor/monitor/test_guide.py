"""The guide: its steps, where a login leads, and the first sentence."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.voice_files import install
from tests.support.web_fakes import FakeService, utterance
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmonitor.audio.base import NO_AUDIENCE
from ttsmonitor.conf import conf
from ttsmonitor.models import SetupGuide
from ttsmonitor.monitor import guide_api, guide_state
from ttsmonitor.monitor.guide_pages import plug_in_commands
from ttsmonitor.system.commands import PROJECT, shell_path
from ttsmonitor.web import login

PASSWORD = "a-long-password"


@pytest.fixture(autouse=True)
def no_voice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no natural voice installed."""
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path))


@pytest.fixture
def admin(visitor: Client, admin_user: User, speech: FakeService) -> Client:
    visitor.force_login(admin_user)
    return visitor


def text(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_guide_begins_with_the_language(admin: Client) -> None:
    page = text(admin.get("/setup/", follow=True))
    assert 'data-step="language"' in page
    assert page.count('<li class="guide-step') == 5
    assert admin.get("/setup/nowhere/").status_code == 404


def test_chosen_languages_are_kept_and_the_pages_follow(admin: Client) -> None:
    response = admin.post("/setup/language/", {"language": "es", "spoken": ["en", "es"]})
    assert response["Location"] == "/setup/voice/"
    assert guide_state.languages(SetupGuide.load()) == ["es", "en"]
    assert 'lang="es"' in text(admin.get("/setup/voice/"))


def test_guide_resumes_in_another_browser(admin: Client, admin_user: User) -> None:
    admin.post("/setup/language/", {"language": "en", "spoken": "en"})
    admin.post("/setup/voice/", {"go": "skip"})
    other = Client(headers={"accept-language": "en"})
    other.force_login(admin_user)
    assert other.get("/setup/")["Location"] == "/setup/sound/"
    assert 'class="guide-step is-done" data-step="language"' in text(other.get("/setup/sound/"))


def test_skipped_step_is_not_done(admin: Client) -> None:
    admin.post("/setup/sound/", {"go": "skip"})
    assert SetupGuide.load().done == []
    admin.post("/setup/sound/", {"go": "next"})
    assert SetupGuide.load().done == ["sound"]


def test_voice_is_done_once_each_language_has_one(admin: Client, tmp_path: Path) -> None:
    assert admin.get("/api/setup").json()["done"] == []
    install(tmp_path, "es_ES-hum-low")
    assert admin.get("/api/setup").json()["done"] == ["voice"]
    admin.post("/setup/language/", {"language": "es", "spoken": ["es", "en"]})
    assert admin.get("/api/setup").json()["done"] == ["language"]


def test_openmoxie_is_connected_as_soon_as_it_is_there(admin: Client, speech: FakeService) -> None:
    waiting = text(admin.get("/setup/robot/"))
    assert 'class="if-connected" hidden' in waiting
    speech.online = {"openmoxie"}
    assert admin.get("/api/setup").json() == {
        "done": ["robot"],
        "broker": True,
        "hive": False,
        "openmoxie": True,
    }
    assert 'class="if-waiting" hidden' in text(admin.get("/setup/robot/"))


def test_robots_of_our_own_are_offered_with_a_hive_only(admin: Client, speech: FakeService) -> None:
    assert 'id="way-alone" hidden' in text(admin.get("/setup/robot/"))
    speech.online = {"hive"}
    page = text(admin.get("/setup/robot/"))
    assert 'href="http://testserver:8000/robots/add/" id="way-alone">' in page
    assert 'href="http://testserver:8000/robots/simulated/" id="way-simulated">' in page


def test_commands_need_no_settings_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MQTT_HOST", "MQTT_PORT", "MQTT_USERNAME"):
        monkeypatch.delenv(name, raising=False)
    assert plug_in_commands() == [
        f"{shell_path(PROJECT / 'script' / 'plug-into')} ~/openmoxie",
        "cd ~/openmoxie",
        "python3 site/manage.py migrate",
        "python3 site/manage.py runserver --noreload",
    ]


def test_commands_name_another_broker_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MQTT_HOST", "broker.local")
    monkeypatch.setenv("MQTT_PORT", "1884")
    monkeypatch.setenv("MQTT_USERNAME", "moxie")
    monkeypatch.setenv("MQTT_PASSWORD", "hunter22")
    assert plug_in_commands()[2:-2] == [
        "export MOXIE_TTS_MQTT_HOST=broker.local",
        "export MOXIE_TTS_MQTT_PORT=1884",
        "export MOXIE_TTS_MQTT_USERNAME=moxie",
        "export MOXIE_TTS_MQTT_PASSWORD='…'",
    ]


def test_commands_read_the_password_of_a_closed_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MQTT_USERNAME", raising=False)
    monkeypatch.setenv("MQTT_HOST", "localhost")
    monkeypatch.setenv("MQTT_PORT", "1883")
    monkeypatch.setenv("MQTT_ANONYMOUS", "0")
    path = shell_path(conf.work_dir / "broker" / "accounts" / "localhost" / "speech")
    assert plug_in_commands()[2:-2] == [
        "export MOXIE_TTS_MQTT_USERNAME=speech",
        f'export MOXIE_TTS_MQTT_PASSWORD="$(cat {path})"',
    ]


class Mirror:
    """A publisher that records what it gets."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []

    def publish_text(self, words: str, **options: Any) -> None:
        self.said.append((words, options))


def test_hello_is_published_in_the_familys_language(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = Mirror()
    monkeypatch.setattr(guide_api, "get_tts_mirror", lambda: mirror)
    answer = admin.post("/api/setup/hello", {"lang": "en"}, content_type="application/json")
    ((words, options),) = mirror.said
    assert (words, options["lang"]) == ("Hi, I'm Moxie", "en")
    assert answer.json() == {"id": str(options["utterance_id"])}
    refused = admin.post("/api/setup/hello", {"lang": "fr"}, content_type="application/json")
    assert refused.json()["error"] == "invalid_lang"


def first_sentence(admin: Client, row: Utterance | None = None) -> tuple[str, list[dict[str, Any]]]:
    found = admin.get(f"/api/setup/hello/{row.pk if row else uuid.uuid4()}").json()
    return found["status"], found["obstacles"]


def test_spoken_hello_has_no_obstacle(admin: Client, speech: FakeService) -> None:
    speech.changes = {"output": "pyaudio"}
    assert first_sentence(admin) == ("sent", [])
    assert first_sentence(admin, utterance("Hola")) == ("spoken", [])


@pytest.mark.parametrize(
    ("changes", "words", "action", "value"),
    [
        ({"muted": True}, "Moxie is muted.", "unmute", None),
        ({"muted": True, "volume": 0}, "Moxie is muted.", "unmute", None),
        ({"volume": 0}, "The volume is 0.", "volume", 1.0),
        ({"paused": True}, "Moxie is paused.", "resume", None),
    ],
)
def test_silent_loudspeaker_is_told_with_what_mends_it(
    admin: Client,
    speech: FakeService,
    changes: dict[str, Any],
    words: str,
    action: str,
    value: float | None,
) -> None:
    speech.changes = {"output": "pyaudio"} | changes
    _status, (obstacle,) = first_sentence(admin, utterance("Hola"))
    assert (obstacle["text"], obstacle["action"], obstacle["value"]) == (words, action, value)
    assert obstacle["label"]


def test_missing_device_and_voice_lead_to_their_steps(admin: Client, speech: FakeService) -> None:
    speech.changes = {"output": "pyaudio"}
    speech.break_check("audio", NO_AUDIENCE)
    speech.break_check("synthesis", Reason("the voice could not be loaded"))
    _status, found = first_sentence(admin)
    assert [each["url"] for each in found] == ["/setup/voice/", "/setup/sound/"]
    assert "nobody can hear it" in found[1]["text"]


def test_failed_hello_has_its_reason(admin: Client, speech: FakeService) -> None:
    speech.changes = {"output": "pyaudio"}
    row = utterance("Hola", status=Utterance.Status.FAILED, error="the voice made no sound")
    status, (obstacle,) = first_sentence(admin, row)
    assert status == "failed"
    assert obstacle["text"] == "It was not spoken: the voice made no sound"


def test_heard_hello_finishes_the_guide(admin: Client) -> None:
    admin.get("/setup/", follow=True)
    response = admin.post("/setup/end/", {"go": "next"}, follow=True)
    assert "Moxie is ready" in text(response)
    assert SetupGuide.load().closed_at is not None
    assert SetupGuide.load().done == ["end"]


def test_other_accounts_never_see_the_guide(browser: Client, speech: FakeService) -> None:
    for path in ("/setup/", "/setup/voice/", "/api/setup"):
        assert browser.get(path).status_code == 403
    assert "/setup/" not in text(browser.get("/settings/"))


def log_in(client: Client, name: str = "admin", target: str = "/") -> str:
    form = {"username": name, "password": PASSWORD}
    return str(client.post(f"/accounts/login/?next={target}", form)["Location"])


@pytest.fixture
def keeper(db: Any) -> User:
    return User.objects.create_superuser("admin", password=PASSWORD)


def test_first_login_leads_to_the_guide(visitor: Client, keeper: User) -> None:
    assert log_in(visitor) == "/setup/"


def test_login_leads_where_the_visitor_wanted(visitor: Client, keeper: User) -> None:
    assert log_in(visitor, target="/history/") == "/history/"


def test_guide_that_was_begun_is_led_to_again(visitor: Client, keeper: User) -> None:
    SetupGuide.load()
    log_in(visitor)
    assert log_in(visitor) == "/setup/"


def test_skipped_guide_is_not_led_to(visitor: Client, keeper: User) -> None:
    log_in(visitor)
    assert visitor.post("/setup/skip/")["Location"] == "/"
    assert log_in(visitor) == "/"
    assert visitor.get("/setup/")["Location"] == "/setup/language/"


def test_later_login_of_an_older_installation_is_as_before(visitor: Client, keeper: User) -> None:
    log_in(visitor)  # by the version before
    assert log_in(visitor) == "/"


def test_login_of_a_listener_is_as_before(visitor: Client, parent: User) -> None:
    assert log_in(visitor, "parent") == "/"


@pytest.mark.parametrize(
    ("is_there", "target"), [(True, "http://localhost:8787/setup/"), (False, "/")]
)
def test_login_at_the_hive_leads_to_a_monitor_that_answers(
    db: Any,
    keeper: User,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    is_there: bool,
    target: str,
) -> None:
    settings.ROOT_URLCONF = "openmoxie.urls"
    monkeypatch.setattr(login, "answers", lambda host, port: is_there)
    assert log_in(Client(HTTP_HOST="localhost:8000")) == target


def test_openmoxie_beside_a_hive_gets_another_port() -> None:
    assert plug_in_commands(beside_hive=True)[-1].endswith("runserver --noreload 8001")


@pytest.mark.parametrize("language", ["en", "es"])
def test_first_visit_ticks_the_visitors_language(admin: Client, language: str) -> None:
    page = text(admin.get("/setup/language/", headers={"accept-language": language}))
    ticked = re.findall(r'name="spoken" value="(\w+)" checked', page)
    assert ticked == [language]
