"""The API of the sound device, and the test tone."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

import pytest
from django.test import Client

from tests.support.accounts import make_user
from tests.support.openapi import Described
from tests.support.web_fakes import FakeService
from ttsmirror.reasons import Reason
from ttsmonitor.audio.device_choice import DeviceChoice
from ttsmonitor.audio.devices import Device
from ttsmonitor.models import SoundSetting
from ttsmonitor.monitor import sound_api
from ttsmonitor.service.sound import follow_sound_setting


@pytest.fixture(autouse=True)
def devices(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Device("pulse", True), Device("USB Audio", False)]
    monkeypatch.setattr(sound_api, "list_devices", lambda: found)


@pytest.fixture
def admin(visitor: Client, speech: FakeService) -> Client:
    visitor.force_login(make_user("keeper", "administer"))
    return visitor


def send(client: Client, method: str, path: str, **body: Any) -> Any:
    return client.generic(method, path, json.dumps(body), content_type="application/json")


def test_device_is_chosen_and_the_service_follows(admin: Client, speech: FakeService) -> None:
    shown = Described(admin).get("/api/sound")
    assert (shown["device"], shown["preroll_ms"], shown["fixed"]) == ("", 0, {})
    assert [each["name"] for each in shown["devices"]] == ["pulse", "USB Audio"]
    chosen = send(admin, "PUT", "/api/sound", device="USB Audio", preroll_ms=300).json()
    assert (chosen["device"], chosen["preroll_ms"]) == ("USB Audio", 300)
    assert speech.sound_changes == 1
    choice = DeviceChoice()
    follow_sound_setting(choice)
    assert choice == DeviceChoice("USB Audio", 0.3)
    assert SoundSetting.objects.count() == 1


def test_setting_of_the_environment_wins_and_is_named(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_AUDIO_DEVICE", "HDMI")
    monkeypatch.setenv("TTS_PREROLL_MS", "250")
    send(admin, "PUT", "/api/sound", device="pulse", preroll_ms=0)
    shown = admin.get("/api/sound").json()
    assert (shown["device"], shown["preroll_ms"]) == ("HDMI", 250)
    assert shown["fixed"] == {"device": "TTS_AUDIO_DEVICE", "preroll_ms": "TTS_PREROLL_MS"}
    assert 250 in shown["prerolls"]
    choice = DeviceChoice()
    follow_sound_setting(choice)
    assert choice == DeviceChoice("HDMI", 0.25)


@pytest.mark.parametrize("body", [{"preroll_ms": 9000}, {"preroll_ms": -1}, {"device": "x" * 300}])
def test_invalid_choice_is_refused(admin: Client, body: dict[str, Any]) -> None:
    assert send(admin, "PUT", "/api/sound", **body).status_code == 400
    assert not SoundSetting.objects.exists()


def test_tone_tells_whether_it_was_played(browser: Client, speech: FakeService) -> None:
    assert send(browser, "POST", "/api/sound/tone").json() == {"ok": True, "detail": ""}
    speech.tone = Future()
    speech.tone.set_result(Reason("speech is paused"))
    refused = send(browser, "POST", "/api/sound/tone").json()
    assert refused == {"ok": False, "detail": "speech is paused"}


def test_tone_after_a_long_sentence_is_announced(
    browser: Client, speech: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_api, "TONE_SECONDS", 0.01)
    speech.tone = Future()
    answer = send(browser, "POST", "/api/sound/tone").json()
    assert answer == {"ok": False, "detail": "Moxie is speaking. The tone sounds after that."}


def test_broken_device_is_shown_with_its_reason(admin: Client, speech: FakeService) -> None:
    assert admin.get("/api/sound").json()["error"] == ""
    speech.break_check("audio", Reason("the sound device accepts no sound: is it suspended?"))
    assert "is it suspended" in admin.get("/api/sound").json()["error"]


def test_name_of_the_system_device_is_in_plain_words(admin: Client, speech: FakeService) -> None:
    assert sound_api._title("pyaudio: default, browser").startswith("the system's default device")
