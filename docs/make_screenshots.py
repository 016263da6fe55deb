"""Make docs/images and docs/pages.md again: the real product, a simulated robot, a real Chromium.

    script/screenshots

Everything runs in a directory of its own and on free ports, so nothing of this machine shows.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path.insert(0, str(ROOT))  # the tests know how to start the product

from docs.gallery import write_gallery  # noqa: E402
from tests.support.tools import Process, free_port, manage, running  # noqa: E402

DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
MOST_BYTES = 150_000
DESKTOP = (1280, 900)
DESKTOP_LOW = (1280, 600)
PHONE = (390, 844)
LANGUAGES = {"en": "", "es": ".es"}
"""Browser language, and what it adds to a picture's name."""

# Colours change and new rows fade in, from the next frame on; what moves with the sound never ends.
SETTLED = """async () => {
    scrollTo({ top: 0, behavior: "instant" });
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    const finite = (animation) => animation.effect.getTiming().iterations !== Infinity;
    await Promise.allSettled(
        document.getAnimations().filter(finite).map((animation) => animation.finished));
}"""

CHILD = ("/prompt", "Hoy aprendí a andar en bicicleta", "Y mañana viene mi abuela")
LINES = (
    ("happy", "¡Hola, Alma! Qué alegría verte."),
    ("curious", "¿Me cuentas qué dibujaste hoy?"),
    ("positive", "Ese dragón azul te quedó precioso."),
)
LONG = (
    "Había una vez un dragón azul que no sabía volar. Un día, una golondrina le dijo:"
    " yo también tuve miedo, ven conmigo a la colina."
)
CHATTED = ("Hola", "Hoy aprendí a nadar")
WAITING = ("¿Quieres saber cómo sigue el cuento?", "Mañana te cuento otro, te lo prometo.")


STILL = (
    ("speak", "hive", "/speak/", DESKTOP, "light"),
    ("history", "hive", "/history/", DESKTOP, "light"),
    ("history-phone", "hive", "/history/", PHONE, "dark"),
    ("diagnostics", "monitor", "/diagnostics/", DESKTOP, "light"),
    ("api", "monitor", "/api/", DESKTOP, "light"),
    ("admin", "hive", "/admin/ttsmirror/utterance/", DESKTOP, "light"),
)
"""Pages on which nothing moves: name of the picture, site, path, size, colours."""


class Product:
    """Broker, hive and speech service, and what it takes to log in."""

    def __init__(self, work: Path) -> None:
        self.hive, self.monitor = free_port(), free_port()
        self.pictures: list[str] = []
        self.env = {
            "MOXIE_WORK_DIR": str(work),
            "TTS_VOICE_DIR": str(work / "voices"),
            "HIVE_PORT": str(self.hive),
            "HTTP_PORT": str(self.monitor),
            "MQTT_PORT": str(free_port()),
            "MQTT_SSL_PORT": str(free_port()),
            "TTS_ENGINE": "espeak",
            "TTS_AUDIO": "null",
        }
        self.password = self._prepare()

    def _prepare(self) -> str:
        """Make database and account; the account's password."""
        output = self.run(*manage("prepare"))
        found = re.search(r"password +(\S+)", output)
        if found is None:
            raise RuntimeError(f"no password in the output:\n{output}")
        robot = f"device_id={DEVICE!r}, name='Moxie', nickname='Alma', approval='approved'"
        self.run(
            *manage("shell", "-c"),
            "from hive.models import Robot; from ttsmonitor.models import SetupGuide;"
            f" Robot.objects.create({robot}); SetupGuide.load().close()",
        )
        return found[1]

    def run(self, *command: str) -> str:
        """Run a program to its end; what it wrote."""
        with running(list(command), self.env) as program:
            if program.wait(60):
                raise RuntimeError(f"{' '.join(command)} failed:\n{program.output}")
            return program.output

    @contextmanager
    def serve(self) -> Iterator[Process]:
        """Everything runs, and a simulated robot is there: what is typed at it the child says."""
        with running(manage("run_all"), self.env) as everything:
            everything.wait_for_line("Moxie is ready", 90)
            with running(manage("virtual_moxie", "--id", DEVICE, "--no-tls"), self.env) as robot:
                robot.wait_for_line("got its configuration")
                yield robot


class Visitor:
    """Somebody at a browser, logged in."""

    def __init__(self, browser: Browser, product: Product, language: str) -> None:
        self._product = product
        self._suffix = LANGUAGES[language]
        self.page = browser.new_page(locale=language)
        self.page.set_default_timeout(60_000)
        self.dashboard()
        self.page.wait_for_selector("#id_username")
        self.shoot("login", DESKTOP_LOW)
        self.page.fill("#id_username", "moxie")
        self.page.fill("#id_password", product.password)
        self.page.click("form button.btn-primary")
        self.page.wait_for_selector(f"[data-robot='{DEVICE}'].is-online")

    def dashboard(self) -> None:
        self._open(self._product.hive, "/")

    def puppet_mode(self) -> None:
        self._open(self._product.hive, f"/puppet/{DEVICE}/")

    def monitor(self) -> None:
        self._open(self._product.monitor, "/")

    def diagnostics(self) -> None:
        self._open(self._product.monitor, "/diagnostics/")

    def chat(self, *said: str) -> None:
        """Talk with Moxie, and wait for each answer."""
        self._open(self._product.hive, "/chat/")
        for words in said:
            answers = self.page.locator(".chat-line.is-moxie .state-spoken")
            count = answers.count()
            self.page.fill("#text", words)
            self.page.press("#text", "Enter")
            answers.nth(count).wait_for()

    def still(self, name: str, site: str, path: str, size: tuple[int, int], scheme: str) -> None:
        """A picture of a page where nothing moves, if there is that page."""
        port = self._product.hive if site == "hive" else self._product.monitor
        if self._open(port, path) == 200:
            self.shoot(name, size, scheme)
        else:
            sys.stdout.write(f"{name}: the {site} has no page at {path}, so no picture of it\n")

    def open_on_phone(self) -> None:
        """Take a picture of the QR code, if this computer is in a home network."""
        switch = "form[action='/phone/open/'] button"
        self._open(self._product.hive, "/phone/")
        if self.page.locator(switch).count():
            self.page.click(switch)
            self.page.wait_for_selector(".qr-code")
        self.shoot("phone", DESKTOP_LOW)
        if self.page.locator(switch).count():
            self.page.click(switch)
            self.page.wait_for_selector("#encrypted")

    def keep_favourite(self, words: str) -> None:
        """Keep a phrase that was said lately, if that was not done before."""
        kept = self.page.locator("#favourites .phrase").filter(has_text=words)
        if not kept.count():
            phrase = self.page.locator("#recent .phrase").filter(has_text=words)
            phrase.locator("[data-keep]").click()
            kept.first.wait_for()

    def start_puppet_mode(self) -> None:
        self.puppet_mode()
        self.page.click("#start")
        self.page.wait_for_selector("#stop:visible")

    def speak(self, mood: str, words: str) -> None:
        self.page.click(f"label[for=mood-{mood}]")
        self.page.fill("#text", words)
        self.page.click("#speak")
        self.page.wait_for_selector("#lines li:first-child", state="visible")
        self.page.get_by_text(words).first.wait_for()

    def interrupt(self) -> None:
        self.page.click("#interrupt")
        self.wait_for_newest("interrupted")

    def wait_for_newest(self, *states: str) -> None:
        """Wait until what was said last is in one of these states."""
        wanted = ", ".join(f"#lines li:first-child .state-{state}" for state in states)
        self.page.wait_for_selector(wanted)

    def shoot(self, name: str, size: tuple[int, int], scheme: str = "light") -> None:
        """Take a picture of the page as it is now."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        path = IMAGES / f"{name}{self._suffix}.png"
        self.page.evaluate(SETTLED)
        self.page.screenshot(path=path)
        # A screen has few colours: as a palette of them the picture is a third of the size.
        Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
            path, optimize=True
        )
        self._product.pictures.append(name)
        size_bytes = path.stat().st_size
        sys.stdout.write(f"{path.relative_to(ROOT)}  {size_bytes // 1000} KB\n")
        if size_bytes > MOST_BYTES:
            raise RuntimeError(f"{path.name} is too large for the repository")

    def _open(self, port: int, path: str) -> int:
        url = f"http://localhost:{port}{path}"
        answer = self.page.goto(url, wait_until="networkidle")
        return answer.status if answer else 0


def converse(robot: Process, visitor: Visitor) -> None:
    """The child talks, Moxie answers, and waits until it was said before."""
    visitor.diagnostics()
    for count, said in enumerate(CHILD, start=1):
        robot.type(said)
        visitor.page.wait_for_selector(f"[data-stat=spoken]:text-is('{count}')")


def photograph(visitor: Visitor) -> None:
    """All pictures in the visitor's language, while Moxie speaks."""
    visitor.dashboard()
    visitor.shoot("dashboard", DESKTOP_LOW)
    visitor.puppet_mode()
    visitor.keep_favourite(LINES[0][1])
    visitor.speak("happy", LONG)
    visitor.wait_for_newest("playing")
    visitor.shoot("puppet", DESKTOP)
    visitor.shoot("puppet-phone", PHONE)
    visitor.shoot("puppet-phone-dark", PHONE, "dark")
    visitor.interrupt()
    visitor.speak("happy", LONG)
    visitor.wait_for_newest("playing")
    for words in WAITING:
        visitor.speak("curious", words)
        visitor.wait_for_newest("queued")
    visitor.monitor()
    visitor.page.wait_for_selector("#state.state-playing")
    visitor.shoot("monitor", DESKTOP)
    visitor.shoot("monitor-dark", DESKTOP, "dark")
    visitor.shoot("monitor-phone", PHONE)
    visitor.puppet_mode()
    visitor.interrupt()
    visitor.chat(*CHATTED)
    visitor.shoot("chat", DESKTOP)
    for picture in STILL:
        visitor.still(*picture)
    visitor.open_on_phone()


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work, sync_playwright() as playwright:
        product = Product(Path(work))
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        with product.serve() as robot:
            visitors = [Visitor(browser, product, language) for language in LANGUAGES]
            converse(robot, visitors[0])
            visitors[0].start_puppet_mode()
            for mood, words in LINES:
                visitors[0].speak(mood, words)
                visitors[0].wait_for_newest("spoken")
            for visitor in visitors:
                photograph(visitor)
            browser.close()
        write_gallery(ROOT / "docs", dict.fromkeys(product.pictures))


if __name__ == "__main__":
    main()
