"""Listening in the browser: a real service, a real Chromium and a recorded sound device."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.chromium import HEARD, chromium, visit
from tests.support.history import history_of
from tests.support.sound import (
    LOUD,
    RATE,
    Sink,
    likeness,
    read_wav,
)
from tests.support.tools import (
    Listener,
    Process,
    manage,
    wait_until,
)
from ttsmirror.wire.messages import CONTROL_TOPIC

pytestmark = [pytest.mark.browser, pytest.mark.sound]

TEXT_TOPIC = "moxie/tts/text"
FIRST = "Hola, me llamo Moxie y hoy vamos a cantar"
SECOND = "Los pingüinos bailan despacio sobre el hielo azul"
SHORT = "Adiós, Moxie"
STORY = "Había una vez un robot que quería aprender a nadar en el mar con los delfines. "
PATIENCE_MS = 15_000
ALIKE = 0.9
PIECE_SECONDS = 0.25
HEARD_SHARE = 0.5
AT_ONCE_MS = 300
"""Recording and all; the story takes five seconds."""

# Counts the wake locks of the screen that the page holds.
WATCH_WAKE_LOCKS = """
    window.held = 0;
    navigator.wakeLock.request = async () => {
        window.held++;
        return { release: async () => void window.held-- };
    };
"""


class Speech:
    """A speech service with browser output that also keeps WAV files."""

    def __init__(self, environment: dict[str, str], wav: Path, sender: Listener) -> None:
        self.environment = environment
        self.url = f"http://localhost:{environment['HTTP_PORT']}/"
        self._wav = wav
        self._sender = sender
        self._said: Counter[str] = Counter()
        self._process: Process | None = None

    def start(self) -> None:
        self._process = Process(manage("run_tts_subscriber"), self.environment)
        self._process.wait_for_line("monitor ready at")
        self._process.wait_for_line("speech service ready")

    def stop(self) -> None:
        if self._process is not None:
            self._process.close()

    def say(self, text: str) -> None:
        self._said[text] += 1
        self._sender.publish(TEXT_TOPIC, text)

    def control(self, action: str) -> None:
        self._sender.publish(CONTROL_TOPIC, json.dumps({"action": action}))

    def wait_for(self, text: str, status: str) -> None:
        """Wait until every utterance with this text has this status."""

        def is_there() -> bool:
            rows = [row[:2] for row in history_of(self.environment)]
            return rows.count((text, status)) == self._said[text]

        wait_until(is_there, f"{text[:20]!r} to be {status}")

    def say_all(self, text: str) -> np.ndarray:
        """Say it and wait for its end. Return the synthesized samples."""
        before = set(self._wav.glob("*.wav"))
        self.say(text)
        self.wait_for(text, "spoken")
        (path,) = set(self._wav.glob("*.wav")) - before
        return read_wav(path)[0]


@pytest.fixture
def speech(
    install: Callable[..., dict[str, str]], listen: Callable[..., Listener], tmp_path: Path
) -> Iterator[Speech]:
    environment = install(
        MOXIE_REQUIRE_LOGIN="0",
        DEBUG="1",
        TTS_ENGINE="espeak",
        TTS_AUDIO="browser,wav",
        TTS_WAV_DIR=str(tmp_path / "wav"),
        ALLOWED_HOSTS="localhost,127.0.0.1,moxie.test",
        TTS_DRAIN_SECONDS="0",
        TTS_CACHE_MB="0",
    )
    made = Speech(environment, tmp_path / "wav", listen())
    made.start()
    yield made
    made.stop()


def is_live(page: Page) -> None:
    expect(page.locator("#listen")).to_have_attribute("data-state", "live", timeout=PATIENCE_MS)


def open_page(browser: Browser, url: str) -> Page:
    page = browser.new_context(locale="es-ES").new_page()
    page.goto(url)
    return page


def listen_to(page: Page) -> None:
    page.click("#listen button")
    is_live(page)


def open_listening(browser: Browser, url: str) -> Page:
    page = open_page(browser, url)
    listen_to(page)
    return page


def heard_share(sink: Sink, samples: np.ndarray) -> float:
    """Return the share of pieces heard; Chromium on a busy machine may leave gaps between them."""
    recorded, size = sink.recorded(), round(PIECE_SECONDS * RATE)
    pieces = [samples[at : at + size] for at in range(0, len(samples) - size, size)]
    loud = [piece for piece in pieces if (np.abs(piece) > LOUD).mean() > 0.3]
    return float(np.mean([likeness(piece, recorded) > ALIKE for piece in loud]))


def heard_seconds(sink: Sink) -> float:
    """Return the seconds since the first sound was heard."""
    recorded = sink.recorded()
    loud = np.flatnonzero(np.abs(recorded) > LOUD)
    return (len(recorded) - int(loud[0])) / RATE if len(loud) else 0.0


def is_heard(sink: Sink, samples: np.ndarray) -> None:
    # Silence alone may precede the sound. Compare only in silence: it would take the processor
    # from Chromium.
    wait_until(
        lambda: sink.is_silent_for(0.3) and heard_share(sink, samples) > HEARD_SHARE, "the sound"
    )
    assert heard_share(sink, samples[::-1].copy()) < 0.1, "it would accept anything"


def silent_after_ms(sink: Sink, act: Callable[[], None]) -> float:
    """Return the milliseconds from act() to the last loud sample."""
    heard = len(sink.recorded())
    act()
    wait_until(lambda: sink.is_silent_for(0.3), "silence")
    loud = np.flatnonzero(np.abs(sink.recorded()[heard:].astype(int)) > LOUD)
    return 1000 * float(loud[-1]) / RATE if len(loud) else 0.0


def test_page_plays_after_a_click_and_stops_at_once(speech: Speech, sink: Sink) -> None:
    with chromium() as launch, visit(launch(sink=sink.name)) as page:
        page.add_init_script(WATCH_WAKE_LOCKS)
        page.goto(speech.url)
        button, note = page.locator("#listen button"), page.locator("#listen [role=status]")
        expect(button).to_have_text("Escuchar aquí")
        assert page.evaluate("window.held") == 0
        button.click()
        is_live(page)
        wait_until(lambda: page.evaluate("window.held") == 1, "the screen to stay on")
        is_heard(sink, speech.say_all(FIRST))

        # After a reload the page wants to play, but browsers require a click first.
        page.reload()
        expect(button).to_have_text("Haz clic para oír", timeout=PATIENCE_MS)
        expect(note).to_contain_text("espera un clic")
        sink.forget()
        speech.say_all(SHORT)
        assert not (np.abs(sink.recorded()) > LOUD).any()
        button.click()
        is_live(page)
        expect(button).to_have_text("Dejar de escuchar")
        is_heard(sink, speech.say_all(SECOND))

        for action in ("interrupt", "pause", "mute"):
            sink.forget()
            speech.say(STORY)
            wait_until(lambda: (np.abs(sink.recorded()[-RATE // 10 :]) > LOUD).any(), "the story")
            assert silent_after_ms(sink, lambda: speech.control(action)) < AT_ONCE_MS  # noqa: B023
            speech.control({"pause": "resume", "mute": "unmute"}.get(action, "skip"))
            if action != "interrupt":
                wait_until(lambda: not sink.is_silent_for(0.1), "the sound to be back")
                speech.control("interrupt")
            speech.wait_for(STORY, "interrupted")
            wait_until(lambda: sink.is_silent_for(0.3), "silence")

        page.locator("#listen input").fill("0")
        sink.forget()
        assert heard_share(sink, speech.say_all(f"{SHORT}, adiós")) < 0.2
        page.reload()
        expect(page.locator("#listen input")).to_have_value("0")  # the volume is kept
        expect(button).to_have_text("Haz clic para oír", timeout=PATIENCE_MS)
        button.click()
        expect(button).to_have_text("Dejar de escuchar")
        wait_until(lambda: page.evaluate("window.held") == 1, "the screen to stay on")
        button.click()
        expect(button).to_have_text("Escuchar aquí")
        wait_until(lambda: page.evaluate("window.held") == 0, "the screen to go dark")


def test_pause_neither_swallows_nor_repeats_sound(speech: Speech, sink: Sink) -> None:
    with chromium() as launch:
        open_listening(launch(*HEARD, sink=sink.name), speech.url)
        sink.forget()
        speech.say(STORY)
        wait_until(lambda: (np.abs(sink.recorded()) > LOUD).any(), "the story")
        speech.control("pause")
        wait_until(lambda: sink.is_silent_for(0.3), "silence")
        held = len(sink.recorded())
        speech.control("resume")
        speech.wait_for(STORY, "spoken")
        samples = read_wav(next(iter(Path(speech.environment["TTS_WAV_DIR"]).glob("*.wav"))))[0]
        is_heard(sink, samples)
        recorded = sink.recorded()
    loud = np.abs(recorded.astype(int)) > LOUD
    before, after = np.flatnonzero(loud[:held]), np.flatnonzero(loud[held:])
    spoken = np.flatnonzero(np.abs(samples.astype(int)) > LOUD)
    heard = (before[-1] - before[0]) + (after[-1] - after[0])
    assert heard / RATE == pytest.approx((spoken[-1] - spoken[0]) / RATE, abs=0.3)


@contextmanager
def deaf_listener(port: str) -> Iterator[None]:
    """Open the listener's WebSocket and read nothing from it."""
    lines = (
        "GET /ws/listen/ HTTP/1.1",
        f"Host: localhost:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {b64encode(bytes(16)).decode()}",
        "",
        "",
    )
    with socket.socket() as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        opened.connect(("127.0.0.1", int(port)))
        opened.sendall("\r\n".join(lines).encode())
        assert b" 101 " in opened.recv(64)
        yield


def test_several_pages_hear_late_joins_and_service_restarts(
    speech: Speech, sink: Sink, make_sink: Callable[[], Sink]
) -> None:
    other = make_sink()
    with (
        deaf_listener(speech.environment["HTTP_PORT"]),
        chromium() as launch,
    ):
        # Load it first: starting a second Chromium would cause gaps in the other.
        late = open_page(launch(*HEARD, sink=other.name), speech.url)
        page = open_listening(launch(*HEARD, sink=sink.name), speech.url)
        speech.say(STORY)
        wait_until(lambda: heard_seconds(sink) > 1.2, "the first words")
        listen_to(late)
        speech.wait_for(STORY, "spoken")
        (path,) = Path(speech.environment["TTS_WAV_DIR"]).glob("*.wav")
        samples = read_wav(path)[0]
        is_heard(sink, samples)
        is_heard(other, samples[-2 * RATE :])
        assert heard_share(other, samples[:RATE]) < 0.3, "it came late"

        speech.stop()
        expect(page.locator("#listen")).to_have_attribute("data-state", "stale")
        expect(page.locator("#listen [role=status]")).to_contain_text("se perdió la conexión")
        speech.start()
        for each in (page, late):
            is_live(each)
        sink.forget()
        other.forget()
        again = speech.say_all(SECOND)
        is_heard(sink, again)
        is_heard(other, again)


def test_sound_plays_over_plain_http_from_another_host(speech: Speech, sink: Sink) -> None:
    rules = "--host-resolver-rules=MAP moxie.test 127.0.0.1"
    with chromium() as launch:
        browser = launch(*HEARD, rules, sink=sink.name)
        page = open_listening(browser, speech.url.replace("localhost", "moxie.test"))
        assert page.evaluate("isSecureContext") is False
        is_heard(sink, speech.say_all(FIRST))
