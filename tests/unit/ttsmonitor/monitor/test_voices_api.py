"""The API of voices: choose, try, install, import, cancel, remove."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.support.accounts import make_user
from tests.support.kokoro_files import install_kokoro
from tests.support.openapi import Described
from tests.support.tools import wait_until
from tests.support.voice_files import install
from tests.support.voice_mirror import VoiceMirror, voice_mirror
from ttsmonitor.models import VoiceSetting
from ttsmonitor.monitor import voices_api
from ttsmonitor.service import voice_installs
from ttsmonitor.service.voice_installs import VoiceInstaller
from ttsmonitor.synthesis.piper import download

CLAUDE, DAVEFX = "es_MX-claude-high", "es_ES-davefx-medium"


@pytest.fixture
def voices(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the directory of voices, with a fresh installer that does not load voices."""
    fresh = VoiceInstaller()
    monkeypatch.setattr(voice_installs, "installer", fresh)
    for module in ("voices_api", "voices_state"):
        monkeypatch.setattr(f"ttsmonitor.monitor.{module}.installer", fresh)
    monkeypatch.setattr(download, "_run", lambda action, model: "")
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path / "voices"))
    monkeypatch.setenv("TTS_VOICE_IMPORT_DIR", str(tmp_path / "copied"))
    monkeypatch.setenv("TTS_VOICE_SOURCE", "http://127.0.0.1:9")
    (tmp_path / "copied").mkdir()
    (tmp_path / "voices").mkdir()
    return tmp_path / "voices"


@pytest.fixture
def mirror(voices: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VoiceMirror]:
    with voice_mirror(voices.parent / "mirror", CLAUDE) as served:
        monkeypatch.setenv("TTS_VOICE_SOURCE", served.url)
        yield served


@pytest.fixture
def admin(visitor: Client, voices: Path) -> Client:
    """Return the browser of an administrator."""
    visitor.force_login(make_user("keeper", "administer"))
    return visitor


def send(client: Client, method: str, path: str, **body: Any) -> Any:
    return client.generic(method, path, json.dumps(body), content_type="application/json")


def state(client: Client) -> Any:
    answer = client.get("/api/voices")
    assert answer.status_code == 200, answer.content
    return answer.json()


def spanish(client: Client) -> Any:
    return next(each for each in state(client)["languages"] if each["lang"] == "es")


def install_state(client: Client, name: str = CLAUDE) -> Any:
    return next(each for each in state(client)["installs"] if each["name"] == name)


def wait_for(client: Client, wanted: str, name: str = CLAUDE) -> Any:
    wait_until(lambda: install_state(client, name)["state"] == wanted, wanted)
    return install_state(client, name)


def test_new_installation_offers_voices_and_says_that_a_machine_speaks(admin: Client) -> None:
    shown = state(admin)
    assert [each["lang"] for each in shown["languages"]] == ["es", "en"]
    assert not spanish(admin)["is_natural"] and spanish(admin)["speaks"] == "espeak es"
    assert shown["installed"] == []
    first = [each["name"] for each in shown["catalogue"]][:4]
    assert {CLAUDE, DAVEFX} <= set(first)
    claude = next(each for each in shown["catalogue"] if each["name"] == CLAUDE)
    assert (claude["title"], claude["region"], claude["licence"]) == (
        "Claude",
        "Mexico",
        "Apache-2.0",
    )
    assert claude["card_url"] == "http://127.0.0.1:9/es/es_MX/claude/high/MODEL_CARD"
    assert claude["is_recommended"] and not claude["is_installed"]


def test_voice_is_installed_in_the_background_and_speaks(
    admin: Client, mirror: VoiceMirror, voices: Path
) -> None:
    described = Described(admin)
    described.post("/api/voices/install", {"name": CLAUDE}, status=202)
    done = wait_for(admin, "done")
    assert done["error"] == "" and done["fetched_bytes"] == done["total_bytes"] > 1000
    assert (voices / f"{CLAUDE}.onnx").is_file()
    assert spanish(admin)["speaks"] == f"piper {CLAUDE}" and spanish(admin)["is_natural"]
    (installed,) = described.get("/api/voices")["installed"]
    assert (installed["speaks_now"], installed["is_removable"]) == (["es"], True)
    assert installed["speaks_then"] == "Then espeak es speaks Spanish."


def test_installation_is_cancelled_in_the_middle(
    admin: Client, mirror: VoiceMirror, voices: Path
) -> None:
    mirror.slow_bytes = 1000
    send(admin, "POST", "/api/voices/install", name=CLAUDE)
    wait_until(lambda: any(path.endswith(".onnx") for path in mirror.asked), "the download")
    assert send(admin, "POST", "/api/voices/cancel", name=CLAUDE).status_code == 200
    mirror.go_on.set()
    wait_for(admin, "cancelled")
    assert list(voices.iterdir()) == []
    assert send(admin, "POST", "/api/voices/cancel", name=CLAUDE).status_code == 404


def test_second_installation_waits_and_can_be_cancelled(admin: Client, mirror: VoiceMirror) -> None:
    mirror.add(DAVEFX)
    mirror.slow_bytes = 1000
    send(admin, "POST", "/api/voices/install", name=CLAUDE)
    wait_until(lambda: any(path.endswith(".onnx") for path in mirror.asked), "the download")
    send(admin, "POST", "/api/voices/install", name=DAVEFX)
    assert install_state(admin, DAVEFX)["state"] == "waiting"
    send(admin, "POST", "/api/voices/cancel", name=DAVEFX)
    assert install_state(admin, DAVEFX)["state"] == "cancelled"
    mirror.go_on.set()
    wait_for(admin, "done")
    assert not any("davefx" in path for path in mirror.asked)


def test_failed_installation_says_why_and_can_be_repeated(
    admin: Client, mirror: VoiceMirror, voices: Path
) -> None:
    model = mirror.directory / "es/es_MX/claude/high" / f"{CLAUDE}.onnx"
    whole = model.read_bytes()
    model.write_bytes(whole[:-1] + b"x")
    send(admin, "POST", "/api/voices/install", name=CLAUDE)
    failed = wait_for(admin, "failed")
    assert "arrived damaged" in failed["error"] and failed["reason"]["params"]["file"]
    assert list(voices.iterdir()) == []
    model.write_bytes(whole)
    send(admin, "POST", "/api/voices/install", name=CLAUDE)
    wait_for(admin, "done")


def test_voice_that_is_not_published_is_refused(admin: Client) -> None:
    for path in ("install", "import", "cancel"):
        answer = send(admin, "POST", f"/api/voices/{path}", name="../../etc/passwd")
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_refreshed_catalogue_is_that_of_the_source(admin: Client, mirror: VoiceMirror) -> None:
    assert len(state(admin)["catalogue"]) > 40
    answer = send(admin, "POST", "/api/voices/refresh")
    assert [each["name"] for each in answer.json()["catalogue"]] == [CLAUDE]


def test_unreachable_source_keeps_the_bundled_catalogue(admin: Client) -> None:
    answer = send(admin, "POST", "/api/voices/refresh")
    assert (answer.status_code, answer.json()["error"]) == (503, "unreachable")
    assert len(state(admin)["catalogue"]) > 40


def test_copied_voice_is_found_and_installed(admin: Client, voices: Path) -> None:
    copied = voices.parent / "copied"
    install(copied, DAVEFX, code="es_ES")
    (copied / "es_ES-half-low.onnx").write_bytes(b"half")
    whole, half = state(admin)["importable"]
    assert whole == {"name": DAVEFX, "error": ""}
    assert ".onnx.json is missing" in half["error"]
    assert send(admin, "POST", "/api/voices/import", name=DAVEFX).status_code == 202
    wait_for(admin, "done", DAVEFX)
    assert spanish(admin)["speaks"] == f"piper {DAVEFX}"
    assert [each["name"] for each in state(admin)["importable"]] == ["es_ES-half-low"]


def test_choice_is_one_voice_setting_of_the_language(admin: Client, voices: Path) -> None:
    install(voices, CLAUDE, code="es_MX")
    install(voices, DAVEFX, code="es_ES", speakers=3)
    body = {"voice": DAVEFX, "speaker": 2, "speed": 0.8, "volume": 1.5}
    assert send(admin, "PUT", "/api/voices/languages/es", **body).status_code == 200
    assert body.items() <= spanish(admin).items()
    assert spanish(admin)["speaks"] == f"piper {DAVEFX}"
    body["voice"] = CLAUDE
    assert send(admin, "PUT", "/api/voices/languages/ES", **body | {"speaker": None})
    assert VoiceSetting.objects.get().voice == CLAUDE
    send(admin, "PUT", "/api/voices/languages/es")
    assert not VoiceSetting.objects.exists(), "everything is the default again"


@pytest.mark.parametrize(
    ("lang", "body", "words"),
    [
        ("es", {"voice": "nobody"}, "nobody"),
        ("es", {"voice": "en_US-ljspeech-medium"}, "This voice reads"),
        ("es", {"speed": 9}, "2.0"),
        ("es", {"volume": -1}, "0.0"),
        ("es", {"speaker": -1}, "speaker"),
        ("¡es!", {}, "not a language"),
    ],
)
def test_invalid_choice_is_refused_with_the_reason(
    admin: Client, voices: Path, lang: str, body: dict[str, Any], words: str
) -> None:
    install(voices, "en_US-ljspeech-medium", "en", code="en_US")
    answer = send(admin, "PUT", f"/api/voices/languages/{lang}", **body)
    assert answer.status_code == 400 and words in answer.json()["detail"]
    assert not VoiceSetting.objects.exists()


def test_voice_that_speaks_is_removed_only_when_confirmed(admin: Client, voices: Path) -> None:
    install(voices, CLAUDE, code="es_MX")
    install(voices, DAVEFX, code="es_ES")
    VoiceSetting.objects.create(lang="es", voice=CLAUDE, speed=0.9)
    path = f"/api/voices/installed/{CLAUDE}"
    refused = send(admin, "DELETE", path)
    assert (refused.status_code, refused.json()["error"]) == (409, "in_use")
    assert refused.json()["detail"] == f"Then piper {DAVEFX} speaks Spanish."
    assert send(admin, "DELETE", f"{path}?confirmed=1").status_code == 200
    assert not list(voices.glob(f"{CLAUDE}*"))
    kept = VoiceSetting.objects.get()
    assert (kept.voice, kept.speed) == ("", 0.9)
    assert spanish(admin)["speaks"] == f"piper {DAVEFX}" and spanish(admin)["remark"] == ""
    assert send(admin, "DELETE", path).status_code == 404


def test_voice_that_does_not_speak_is_removed_at_once(admin: Client, voices: Path) -> None:
    install(voices, CLAUDE, code="es_MX")
    install(voices, DAVEFX, code="es_ES")
    VoiceSetting.objects.create(lang="es", voice=DAVEFX)
    assert send(admin, "DELETE", f"/api/voices/installed/{CLAUDE}").status_code == 200


def test_text_is_tried_as_a_wav_file(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = []

    def render(utterance: Any, *rest: Any) -> bytes:
        rendered.append((utterance.text, utterance.lang, utterance.voice, utterance.mood))
        return b"RIFF"

    monkeypatch.setattr(voices_api, "render", render)
    answer = send(admin, "POST", "/api/voices/try", text="Hola", lang="es", mood="sad")
    assert (answer["Content-Type"], answer.content) == ("audio/wav", b"RIFF")
    assert rendered == [("Hola", "es", "", "sad")]


def test_changes_need_an_administrator(browser: Client, voices: Path) -> None:
    install(voices, CLAUDE, code="es_MX")
    assert state(browser)["installed"], "everybody may look"
    for method, path in [
        ("POST", "/api/voices/install"),
        ("POST", "/api/voices/import"),
        ("POST", "/api/voices/cancel"),
        ("POST", "/api/voices/refresh"),
        ("PUT", "/api/voices/languages/es"),
        ("DELETE", f"/api/voices/installed/{CLAUDE}?confirmed=1"),
        ("PUT", "/api/sound"),
    ]:
        assert send(browser, method, path, name=CLAUDE).status_code == 403, path
    assert (voices / f"{CLAUDE}.onnx").is_file()


def test_unfinished_download_is_deleted_at_the_next_start(voices: Path) -> None:
    (voices / ".fetching-killed").mkdir()
    voice_installs.clean_up()
    assert list(voices.iterdir()) == []
    shutil.rmtree(voices)
    voice_installs.clean_up()


def test_sample_of_a_published_voice_is_passed_on(browser: Client, mirror: VoiceMirror) -> None:
    place = mirror.directory / "es/es_MX/claude/high/samples"
    path = f"/api/voices/published/{CLAUDE}/sample"
    missing = browser.get(path)
    assert (missing.status_code, missing.json()["error"]) == (503, "unreachable")
    place.mkdir()
    (place / "speaker_0.mp3").write_bytes(b"ID3 sound")
    answer = browser.get(path)
    assert (answer["Content-Type"], answer.content) == ("audio/mpeg", b"ID3 sound")
    assert browser.get("/api/voices/published/nobody/sample").status_code == 404


def test_kokoro_is_offered_until_it_is_installed(admin: Client, voices: Path) -> None:
    command = "manage.py download_voice kokoro"
    assert command in admin.get("/settings/voices/").content.decode()
    install_kokoro(voices)
    assert command not in admin.get("/settings/voices/").content.decode()
    listed = {voice["name"]: voice["title"] for voice in state(admin)["installed"]}
    assert listed == {"af_heart": "Heart", "ef_dora": "Dora", "af_alloy": "Alloy"}
