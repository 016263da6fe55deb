"""Measure speech for other programs, and what it costs the robot's."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from bench.machine import (
    BenchError,
    Broker,
    Program,
    clean_environment,
    find_voice,
    free_port,
    manage,
    note,
    run_manage,
    work_directory,
)
from bench.ports import answers
from bench.recorded_device import Ear
from bench.service import Service
from bench.tables import Wanted, median, percentile, report, table
from bench.texts import PARAGRAPH, TEXTS, Texts

TEXT = PARAGRAPH[:199] + "."
START_SECONDS = 60
SETTLE_SECONDS = 0.5
FIRST_BYTE_MS, SLOWER_PERCENT = 80, 20
TOKEN = """
from django.contrib.auth.models import User
from ttsmonitor.models import ApiToken
print(ApiToken.issue(User.objects.create_superuser("bench"), "bench"))
"""

Times = tuple[float, float]
"""Milliseconds to the first sound and to the last."""


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if the wanted values hold."""
    voice = find_voice(args.voice)
    with ExitStack() as stack:
        work = stack.enter_context(work_directory())
        ear = stack.enter_context(closing(Ear()))
        broker = stack.enter_context(closing(Broker(work)))
        env = {"TTS_AUDIO": "pyaudio", "TTS_CACHE_MB": "0", **ear.env}
        service = stack.enter_context(closing(Service(broker, work, voice, **env)))
        programs = _Programs(service, work, voice)
        wyoming = {"wyoming, ours": stack.enter_context(_our_server(service, work, voice))}
        if args.wyoming_piper is not None and voice is not None:
            server = _wyoming_piper(args.wyoming_piper, voice, work)
            wyoming["wyoming-piper"] = stack.enter_context(server)
        times: dict[str, list[Times]] = {}
        for number in range(args.runs):
            note(f"programs: run {number + 1} of {args.runs}")
            times.setdefault("/v1/audio/speech", []).append(programs.hear())
            for name, port in wyoming.items():
                times.setdefault(name, []).append(programs.hear_wyoming(port))
        alone, beside = _family(service, ear, programs, wyoming["wyoming, ours"], args.runs)
    _print(times, alone, beside)
    first = median([first for first, _total in times["/v1/audio/speech"]]) or 0
    slower = 100 * ((median(beside) or 0) / (median(alone) or 1) - 1)
    return report(
        [
            Wanted("/v1/audio/speech, first byte, median", first, FIRST_BYTE_MS, " ms"),
            Wanted("the robot's first sound later while both serve", slower, SLOWER_PERCENT, " %"),
        ]
    )


def _print(times: dict[str, list[Times]], alone: list[float], beside: list[float]) -> None:
    rows = [
        [name, *_figures([first for first, _ in each]), median([total for _, total in each])]
        for name, each in times.items()
    ]
    head = ["ms", "first median", "first p95", "total median"]
    print(f"\nprograms: {len(TEXT)} characters, {len(alone)} runs\n")
    print(table(head, rows), "\n")
    rows = [["robot alone", *_figures(alone)], ["robot, both serve", *_figures(beside)]]
    print(table(["publish → first sound, ms", "median", "p95"], rows), "\n")


def _figures(values: list[float]) -> list[float | None]:
    return [median(values), percentile(values, 95)]


class _Programs:
    """Programs that have texts spoken."""

    def __init__(self, service: Service, work: Path, voice: Path | None) -> None:
        self._port = service.http_port
        token = run_manage(_environment(service, work, voice), "shell", "-v0", "-c", TOKEN)
        self._headers = {
            "Authorization": f"Bearer {token.split()[-1]}",
            "Content-Type": "application/json",
        }
        self._texts = Texts()
        self._asking = threading.Lock()

    def _text(self) -> str:
        with self._asking:
            return self._texts.new(TEXT)

    def hear(self) -> Times:
        """Have a text spoken over HTTP."""
        body = json.dumps({"input": self._text(), "response_format": "pcm"})
        began = time.perf_counter()
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=90)) as connection:
            connection.request("POST", "/v1/audio/speech", body, self._headers)
            response = connection.getresponse()
            response.read1(1)
            first = time.perf_counter()
            content = response.read()
        if response.status != 200:
            raise BenchError(content.decode())
        return _since(began, first)

    def hear_wyoming(self, port: int) -> Times:
        """Have a text spoken by a Wyoming server."""
        return asyncio.run(_hear_wyoming(port, self._text()))

    @contextmanager
    def busy(self, wyoming_port: int) -> Iterator[None]:
        """Have texts spoken in both ways all the time."""
        is_over = threading.Event()

        def ask() -> None:
            while not is_over.is_set():
                self.hear()

        def ask_wyoming() -> None:
            while not is_over.is_set():
                self.hear_wyoming(wyoming_port)

        threads = [threading.Thread(target=each) for each in (ask, ask_wyoming)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            is_over.set()
            for thread in threads:
                thread.join()


async def _hear_wyoming(port: int, text: str) -> Times:
    from wyoming.audio import AudioChunk, AudioStop
    from wyoming.client import AsyncTcpClient
    from wyoming.tts import Synthesize

    first = 0.0
    async with AsyncTcpClient("127.0.0.1", port) as client:
        began = time.perf_counter()
        await client.write_event(Synthesize(text).event())
        while event := await client.read_event():
            if AudioChunk.is_type(event.type) and not first:
                first = time.perf_counter()
            if AudioStop.is_type(event.type):
                break
            if event.type == "error":
                raise BenchError(str(event.data))
    return _since(began, first)


def _since(began: float, first: float) -> Times:
    return (first - began) * 1000, (time.perf_counter() - began) * 1000


def _environment(service: Service, work: Path, voice: Path | None, **more: str) -> dict[str, str]:
    engine = "espeak" if voice is None else "piper"
    return clean_environment(work, HTTP_PORT=str(service.http_port), TTS_ENGINE=engine, **more)


@contextmanager
def _our_server(service: Service, work: Path, voice: Path | None) -> Iterator[int]:
    port = free_port()
    env = _environment(service, work, voice, WYOMING_PORT=str(port))
    with _served(manage("run_wyoming"), port, work / "wyoming.log", env):
        yield port


@contextmanager
def _wyoming_piper(program: Path, voice: Path, work: Path) -> Iterator[int]:
    directory = work / "piper"
    directory.mkdir()
    for path in (voice, Path(f"{voice}.json")):
        shutil.copy(path, directory)
    port = free_port()
    command: list[Any] = [program, "--voice", voice.stem, "--data-dir", directory]
    command += ["--uri", f"tcp://127.0.0.1:{port}"]
    env = clean_environment(work)
    with _served([str(each) for each in command], port, work / "piper.log", env):
        asyncio.run(_hear_wyoming(port, TEXTS["short"]))  # it loads the voice with the first text
        yield port


@contextmanager
def _served(command: list[str], port: int, log: Path, env: dict[str, str]) -> Iterator[None]:
    with closing(Program(command, log, env)) as program:
        program.wait_until(lambda: answers(port), command[0], START_SECONDS)
        yield


def _family(
    service: Service, ear: Ear, programs: _Programs, wyoming_port: int, runs: int
) -> tuple[list[float], list[float]]:
    """Return the robot's times to the first sound: alone, and while both serve."""
    texts = Texts()

    def hear() -> float:
        ear.wait_for_silence(SETTLE_SECONDS)
        heard = ear.first_sound_after(lambda: service.say(texts.new(TEXTS["medium"])))
        service.finish(whole=False)
        return heard

    note("programs: the robot alone")
    hear()
    alone = [hear() for _ in range(runs)]
    note("programs: the robot, while both serve")
    with programs.busy(wyoming_port):
        beside = [hear() for _ in range(runs)]
    return alone, beside
