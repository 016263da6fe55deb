"""Voices and sound: a real service, a real Chromium and a recorded sound device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.chromium import open_browser, visit
from tests.support.history import history_of
from tests.support.site import log_in
from tests.support.sound import LOUD, Sink
from tests.support.tools import manage, run, running, wait_until
from tests.support.voice_mirror import VoiceMirror, voice_mirror

pytestmark = pytest.mark.browser

CLAUDE = "es_MX-claude-high"
USER = (
    "from django.contrib.auth.models import User; User.objects.create_superuser('moxie', '', 'x')"
)
WAIT_MS = 15_000


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[VoiceMirror]:
    with voice_mirror(tmp_path / "mirror", CLAUDE) as served:
        served.add("es_ES-sharvard-medium", speakers=2)
        yield served


@pytest.fixture
def environment(install: Callable[..., dict[str, str]], mirror: VoiceMirror) -> dict[str, str]:
    return install(
        TTS_VOICE_SOURCE=mirror.url, TTS_AUDIO="pyaudio", TTS_DRAIN_SECONDS="0", DEBUG="1"
    )


@pytest.fixture
def page(sink: Sink, environment: dict[str, str]) -> Iterator[Page]:
    """Open the page of voices and sound on a phone, as an administrator."""
    run(manage("shell", "-v0", "-c", USER), environment)
    url = f"http://localhost:{environment['HTTP_PORT']}/settings/voices/"
    size = {"width": 360, "height": 740}
    with (
        running(manage("run_tts_subscriber"), environment) as service,
        open_browser() as browser,
        visit(browser, viewport=size, reduced_motion="reduce") as opened,
    ):
        service.wait_for_line("speech service ready")
        log_in(opened, url, "x")
        yield opened


def is_loud(sink: Sink) -> bool:
    return bool(abs(sink.recorded().astype(int)).max(initial=0) > LOUD)


def test_voice_is_installed_chosen_heard_and_removed(
    page: Page, sink: Sink, environment: dict[str, str]
) -> None:
    spanish = page.locator(".voices-language").first
    now, note = (spanish.locator(f'[data-part="{name}"]') for name in ("now", "try-note"))
    expect(now).to_contain_text("voz de máquina")
    claude, sharvard = (
        spanish.locator(".voice-row", has_text=title) for title in ("Claude", "Sharvard")
    )
    claude.locator('[data-act="install"]').click()
    expect(now).to_have_text("Ahora habla Claude.", timeout=WAIT_MS)
    sharvard.locator('[data-act="install"]').click()
    sharvard.locator("input").check(timeout=WAIT_MS)
    expect(now).to_have_text("Ahora habla Sharvard.")
    spanish.locator('[name="speaker"]').select_option("1")
    spanish.locator('[name="speed"]').fill("1.2")
    expect(note).to_contain_text("Guardado")

    sink.forget()
    spanish.locator('[name="text"]').fill("Tengo 3 perros")
    spanish.get_by_role("button", name="En el altavoz").click()
    expect(note).to_contain_text("Se lee: Tengo tres perros", timeout=WAIT_MS)
    wait_until(lambda: is_loud(sink), "the sentence")
    wait_until(lambda: ("Tengo 3 perros", "spoken", "") in history_of(environment))

    page.once("dialog", lambda dialog: dialog.accept())
    sharvard.locator('[data-act="remove"]').click()
    expect(now).to_have_text("Ahora habla Claude.")
    expect(sharvard.locator('[data-act="install"]')).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_tone_is_heard_or_says_why_it_is_not(page: Page, sink: Sink) -> None:
    sound = page.locator("[data-sound]")
    note = sound.locator('[data-part="note"]').first
    expect(sound.locator('[name="device"] option')).not_to_have_count(1, timeout=WAIT_MS)
    sound.locator('[name="device"]').select_option("pulse")
    expect(note).to_contain_text("Guardado")
    wait_until(
        lambda: (
            "pulse"
            in page.request.get(page.url.replace("/settings/voices/", "/api/sound")).json()[
                "output"
            ]
        )
    )
    sink.forget()
    sound.get_by_role("button", name="Tono de prueba").click()
    expect(note).to_contain_text("El tono sonó", timeout=WAIT_MS)
    assert is_loud(sink)
    sound.get_by_role("button", name="Silenciar").click()
    expect(sound.get_by_role("button", name="Activar el sonido")).to_be_visible()
    sound.get_by_role("button", name="Tono de prueba").click()
    expect(note).to_contain_text("en silencio", timeout=WAIT_MS)
