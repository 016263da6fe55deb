"""Voice choice by message, voice settings and mood, and their admin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.support.spoken import request_for
from tests.support.voice import make_voice
from tests.support.voice_files import install
from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.voice_choice import configured_voices

pytestmark = pytest.mark.django_db


def spoken(**fields: Any) -> Any:
    return request_for(utterance("Hola", **fields), "Hola")


def test_message_options_apply_without_settings() -> None:
    request = spoken(lang="en", voice="some-voice", mood="sad", intensity=1.0)
    assert (request.lang, request.voice, request.speaker) == ("en", "some-voice", None)
    assert request.speed < 1 and request.volume < 1


@pytest.mark.parametrize(
    ("fields", "voice"),
    [
        ({"device_id": "d_1", "source": "chat", "lang": "en-GB"}, "robot-and-source"),
        ({"device_id": "d_1", "source": "system"}, "robot"),
        ({"device_id": "d_2", "source": "chat", "lang": "en"}, "source"),
        ({"device_id": "d_2", "source": "system", "lang": "en-GB"}, "region"),
        ({"device_id": "d_2", "source": "system", "lang": "EN_gb"}, "region"),
        ({"device_id": "d_2", "source": "system", "lang": "en-US"}, "language"),
        ({"device_id": "d_2", "source": "system"}, "everything"),
        ({"device_id": "d_1", "voice": "its-own"}, "its-own"),
    ],
)
def test_most_specific_voice_setting_is_used(fields: dict[str, Any], voice: str) -> None:
    for named, whose in {
        "everything": {},
        "language": {"lang": "en"},
        "region": {"lang": "en-GB"},
        "source": {"source": "chat"},
        "robot": {"device_id": "d_1"},
        "robot-and-source": {"device_id": "d_1", "source": "chat"},
    }.items():
        VoiceSetting.objects.create(voice=named, **whose)
    assert spoken(**fields).voice == voice


def test_setting_combines_with_mood_and_limits_speaker_to_voice() -> None:
    VoiceSetting.objects.create(voice="two-speakers", speaker=1, speed=1.5, volume=0.5)
    request = spoken(mood="happy", intensity=1.0)
    assert request.speaker == 1
    assert request.speed == pytest.approx(1.65) and request.volume == pytest.approx(0.55)
    assert spoken(voice="two-speakers").speaker == 1
    assert spoken(voice="another").speaker is None


@pytest.fixture
def installed(tmp_path: Path, settings: Any) -> Path:
    settings.TTS_VOICE_DIR = str(tmp_path)
    for name, lang in [("davefx", "es"), ("claude", "es-419"), ("alan", "en-gb"), ("amy", "en-us")]:
        install(tmp_path, name, lang)
    return tmp_path


def test_general_voice_setting_spares_other_languages(
    installed: Path,
) -> None:
    VoiceSetting.objects.create(voice="claude", speaker=0, speed=1.2)
    VoiceSetting.objects.create(voice="davefx", device_id="d_1", speed=0.8)
    assert spoken().voice == spoken(lang="es").voice == spoken(lang="es_ES").voice == "claude"
    assert spoken(device_id="d_1", lang="es-MX").voice == "davefx"
    english = spoken(device_id="d_1", lang="en-GB")
    assert (english.voice, english.speaker, english.speed) == ("", None, 0.8)
    VoiceSetting.objects.create(voice="amy", lang="en")
    assert spoken(lang="en-GB").voice == spoken(device_id="d_1", lang="en").voice == "amy"


def test_language_setting_applies_and_espeak_reads_every_language(installed: Path) -> None:
    VoiceSetting.objects.create(voice="davefx", lang="en")
    VoiceSetting.objects.create(voice="espeak", source="chat")
    VoiceSetting.objects.create(voice="gone", source="system")
    assert spoken(lang="en-GB", source="puppet_mode").voice == "davefx"
    assert spoken(lang="en", source="chat").voice == "espeak"
    # The substitute for a missing voice is chosen when it is spoken.
    assert spoken(lang="en", source="system").voice == "gone"


def test_language_defaults_to_voice_then_tts_lang(installed: Path, settings: Any) -> None:
    settings.TTS_LANGUAGES = "es"  # no recognition
    assert spoken().lang == "es"
    assert spoken(voice="amy").lang == "en-us"
    assert spoken(voice="amy", lang="es").lang == "es"
    assert spoken(voice="fr_FR-gone-low").lang == "fr_FR"
    assert spoken(voice="gone").lang == spoken(voice="espeak").lang == "es"
    settings.TTS_LANG = "en-GB"
    assert spoken().lang == spoken(voice="gone").lang == "en-GB"


def test_voice_from_setting_reads_no_other_language(installed: Path, settings: Any) -> None:
    settings.TTS_LANGUAGES = "es"  # no recognition
    VoiceSetting.objects.create(voice="amy", device_id="d_1")
    VoiceSetting.objects.create(voice="claude", lang="es")
    assert spoken(device_id="d_1").voice == "claude"
    assert spoken(device_id="d_1", lang="en").voice == "amy"
    settings.TTS_LANG = "en"
    assert spoken(device_id="d_1").voice == "amy"


@pytest.mark.parametrize(
    ("speed", "asked"), [(1e9, 2.5), (float("inf"), 2.5), (-1.0, 0.4), (0.0, 0.4), (1.0, 1.0)]
)
def test_absurd_speed_or_volume_is_bounded(speed: float, asked: float) -> None:
    hers = VoiceSetting(speed=speed, volume=-speed)
    request = request_for(Utterance(), "Hola", [hers])
    assert request.speed == asked
    assert 0 <= request.volume <= 2.5


def test_configured_voices_are_unique() -> None:
    VoiceSetting.objects.create(voice="a", source="chat")
    VoiceSetting.objects.create(voice="a", source="system")
    VoiceSetting.objects.create(voice="b", speaker=2, device_id="d_1")
    VoiceSetting.objects.create(lang="en", speed=0.8)
    known = configured_voices(VoiceSetting.objects.all())
    assert sorted((each.voice, each.speaker) for each in known) == [("a", None), ("b", 2)]


def test_given_settings_need_no_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    hers = VoiceSetting(voice="davefx", device_id="d_1")
    VoiceSetting.objects.create(voice="gone")
    with django_assert_num_queries(0):
        assert request_for(Utterance(device_id="d_1"), "Hola", [hers]).voice == "davefx"
        assert request_for(Utterance(), "Hola", [hers]).voice == ""


def test_duplicate_voice_setting_is_refused() -> None:
    VoiceSetting.objects.create(source="chat")
    with pytest.raises(ValidationError, match="already"):
        VoiceSetting(source="chat").validate_constraints()


def test_admin_offers_installed_voices_and_known_senders(
    visitor: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_voice(tmp_path / "es_ES-pair-low.onnx", speakers=2)
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path))
    utterance("Hola", device_id="d_1", source="story")
    visitor.force_login(User.objects.create_superuser("keeper"))
    page = visitor.get("/admin/ttsmonitor/voicesetting/add/")
    for offered in ("es_ES-pair-low (speakers 0 to 1)", "eSpeak NG", "d_1", "story"):
        assert offered in page.content.decode()
    fields = {
        "device_id": "d_1",
        "source": "",
        "lang": "",
        "voice": "es_ES-pair-low",
        "speaker": "1",
        "speed": "0.9",
        "volume": "1",
    }
    for _ in range(2):
        answer = visitor.post("/admin/ttsmonitor/voicesetting/add/", fields)
    assert VoiceSetting.objects.get().speed == 0.9
    assert "There is a setting for this already." in answer.content.decode()
    (tmp_path / "es_ES-pair-low.onnx").unlink()
    setting = VoiceSetting.objects.get()
    page = visitor.get(f"/admin/ttsmonitor/voicesetting/{setting.pk}/change/")
    assert "es_ES-pair-low" in page.content.decode(), "what is stored stays a choice"


def test_admin_refuses_voice_of_another_language(visitor: Client, installed: Path) -> None:
    visitor.force_login(User.objects.create_superuser("keeper"))
    fields = {
        "device_id": "",
        "source": "",
        "voice": "davefx",
        "speaker": "",
        "speed": "1",
        "volume": "1",
    }
    page = "/admin/ttsmonitor/voicesetting/add/"
    answer = visitor.post(page, fields | {"lang": "en"})
    assert "This voice reads es only." in answer.content.decode()
    assert not VoiceSetting.objects.exists()
    for lang in ("es-MX", ""):
        assert visitor.post(page, fields | {"lang": lang}).status_code == 302


def test_finished_sound_can_be_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTS_CACHE_DIR", str(tmp_path))
    (tmp_path / "a.pcm").write_bytes(b"x")
    call_command("clear_sounds")
    assert "1 sounds deleted" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
