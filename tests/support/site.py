"""Both sites as served in production, with sample rows of every model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.chromium import launch, visit
from tests.support.pages import (
    DEVICE,
    UTTERANCE_ID,
    Answer,
    is_page,
    pages_of,
    paths,
)
from tests.support.tools import (
    free_port,
    manage,
    run,
    running,
)

LOCALES = {"es": "es-ES", "en": "en-GB"}
FILL = f"""
import uuid
from datetime import timedelta
from django.utils import timezone
from hive.models import Configuration, Favourite, Robot
from ttsmirror.models import OutboxEntry, Utterance, UtteranceChunk
from ttsmonitor.models import ApiToken, QuarantinedMessage, SetupGuide, VoiceSetting
from django.contrib.auth.models import User

now = timezone.now()
Configuration.load()
Robot.objects.create(device_id={DEVICE!r}, name="Moxie", battery=0.8, approval="approved")
Robot.objects.create(device_id="d_waiting")
Robot.objects.create(device_id="d_refused", approval="refused")
Favourite.objects.keep("Buenas noches", "happy", 0.5)
kinds = [*Utterance.Status.values, "spoken"]
for number, status in enumerate(kinds):
    moment = now - timedelta(minutes=7 * number, days=number // 4)
    Utterance.objects.create(
        id={UTTERANCE_ID!r} if number == 0 else uuid.uuid4(),
        text=f"Frase {{number}} de Moxie", status=status if number > 2 else "spoken",
        source=("puppet_mode", "chat", "system")[number % 3], device_id={DEVICE!r}, lang="es",
        mood="happy", intensity=0.5, error="cleared from the queue" if number > 3 else "",
        robot_confirmed=(None, True, False)[number % 3], published_at=moment, received_at=moment,
        started_at=moment, finished_at=moment, first_audio_ms=48, audio_seconds=1.5,
        engine="espeak")
UtteranceChunk.objects.create(utterance_id={UTTERANCE_ID!r}, number=1, text="Frase 0 de Moxie")
OutboxEntry.objects.create(payload={{"text": "Hola"}}, attempts=1)
QuarantinedMessage.objects.create(topic="moxie/tts/text", payload=b"{{", reason="not JSON")
VoiceSetting.objects.create(source="chat", speed=1.2)
SetupGuide.load().close()
ApiToken.issue(User.objects.get(), "program")
"""


@dataclass
class Site:
    """Hive and monitor of one installation, and a logged-in browser."""

    urls: dict[str, str]
    """Addresses of "hive" and "monitor", without a trailing slash."""
    browser: Browser
    environment: dict[str, str]
    cookies: Path

    @contextmanager
    def visit(self, language: str = "es", **options: object) -> Iterator[Page]:
        """Open a page of a logged-in visitor with an empty cache."""
        with self.stranger(language, storage_state=str(self.cookies), **options) as page:
            yield page

    @contextmanager
    def stranger(self, language: str = "es", **options: object) -> Iterator[Page]:
        """Open a page of a visitor who is not logged in."""
        with visit(self.browser, LOCALES[language], reduced_motion="reduce", **options) as page:
            page.context.set_default_timeout(30_000)
            yield page

    def pages(self, name: str, page: Page) -> list[str]:
        """Return the addresses of a site's pages outside Django's admin."""
        base = self.urls[name]
        return [base + path for path in pages_of(name, lambda path: answer_of(page, base + path))]

    def admin_pages(self, page: Page) -> list[str]:
        """Return the addresses of the admin: lists, add forms, and one row of each list."""
        base = self.urls["hive"]
        urls = [base + path for path in paths("hive") if re.fullmatch(r"/admin/[a-z_/]*", path)]
        found = [url for url in urls if is_page(answer_of(page, url))]
        for url in list(found):
            row = re.search(
                r'<th class="field-[^"]*"><a href="([^"?]+/change/)', page.request.get(url).text()
            )
            found += [base + row[1]] if row else []
        return found


def answer_of(page: Page, url: str) -> Answer:
    answer = page.request.get(url, max_redirects=0)
    return Answer(answer.status, answer.headers.get("content-type", ""))


def log_in(page: Page, url: str, password: str) -> None:
    page.goto(url)
    page.fill("#id_username", "moxie")
    page.fill("#id_password", password)
    page.click("form button.btn-primary")
    page.wait_for_url(url)


@contextmanager
def running_site(work: Path) -> Iterator[Site]:
    """Run broker, hive and speech service as `run_all` does, without a sound device."""
    environment = {
        name: str(free_port()) for name in ("MQTT_PORT", "MQTT_SSL_PORT", "HIVE_PORT", "HTTP_PORT")
    } | {
        "MQTT_HOST": "localhost",
        "MOXIE_WORK_DIR": str(work),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "TTS_ENGINE": "espeak",
        "TTS_AUDIO": "null",
    }
    printed = run(manage("prepare"), environment)
    password = re.search(r"password\s+(\S+)", printed)
    assert password, printed
    run(manage("shell", "-v0", "-c", FILL), environment)
    with running(manage("run_all"), environment) as everything:
        everything.wait_for_line("Moxie is ready", timeout_seconds=60)
        with sync_playwright() as playwright:
            urls = {
                "hive": f"http://localhost:{environment['HIVE_PORT']}",
                "monitor": f"http://localhost:{environment['HTTP_PORT']}",
            }
            site = Site(urls, launch(playwright), environment, work / "cookies.json")
            with site.stranger() as page:
                log_in(page, f"{urls['hive']}/", password[1])
                page.context.clear_cookies(name="django_language")
                page.context.storage_state(path=site.cookies)
            yield site
            site.browser.close()
