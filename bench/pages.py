"""Measure pages and API with a long history, over HTTP, from the real servers."""

from __future__ import annotations

import argparse
import http.client
import json
import re
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from urllib.parse import quote

from bench.machine import (
    BenchError,
    Broker,
    Program,
    clean_environment,
    free_port,
    manage,
    note,
    run_manage,
    work_directory,
)
from bench.tables import Wanted, median, percentile, report, table

LONG_HISTORY = 100_000
MAX_MS, MAX_MS_LONG = 150, 1_000
"""Wanted p95 of each page up to this many utterances, and beyond."""
START_SECONDS = 90
ROBOT = "d_sala"
PAGES = {
    "monitor": ["/"],
    "hive": ["/", f"/puppet/{ROBOT}/", "/chat/"],
}
API = {
    "monitor": [
        "/health",
        "/api/status",
        "/api/queue",
        "/api/stats",
        "/api/stats/series",
        "/api/stats/series?by=day&count=92",
        "/api/history",
    ],
    "hive": ["/health", "/api/robots", f"/api/robots/{ROBOT}"],
}
ADMIN = "/admin/ttsmirror/utterance/"


@dataclass(frozen=True)
class Site:
    """A running server and its HTTP client."""

    name: str
    port: int
    token: str

    def get(self, path: str) -> tuple[float, int, bytes]:
        """Return milliseconds until the answer is complete, its status and its content."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with closing(connection):
            headers = {"Authorization": f"Bearer {self.token}"}
            if not path.startswith("/api/"):
                headers["Accept-Encoding"] = "gzip"  # like a browser
            start = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
            return 1000 * (time.perf_counter() - start), answer.status, content

    def answers(self) -> bool:
        try:
            return self.get("/health")[1] in (200, 503)
        except OSError:
            return False


@dataclass(frozen=True)
class Measured:
    """All requests of one page or endpoint."""

    site: str
    path: str
    median_ms: float
    p95_ms: float
    kilobytes: float

    def cells(self) -> list[str | float | None]:
        return [self.site, self.path, self.median_ms, self.p95_ms, self.kilobytes]


def run(args: argparse.Namespace) -> bool:
    """Measure and print. Return True if the wanted values hold."""
    with ExitStack() as stack:
        work = stack.enter_context(work_directory())
        broker = stack.enter_context(closing(Broker(work)))
        monitor_port, hive_port = free_port(), free_port()
        env = clean_environment(
            work,
            MQTT_HOST="127.0.0.1",
            MQTT_PORT=str(broker.port),
            HTTP_PORT=str(monitor_port),
            HIVE_PORT=str(hive_port),
            TTS_ENGINE="espeak",
            TTS_AUDIO="null",
        )
        token = _prepare(env, args.utterances)
        sites = []
        for name, command, port in (
            ("monitor", "run_tts_subscriber", monitor_port),
            ("hive", "run_hive", hive_port),
        ):
            program = Program(manage(command), work / f"{name}.log", env)
            stack.enter_context(closing(program))
            sites.append(Site(name, port, token))
            program.wait_until(sites[-1].answers, name, START_SECONDS)
        rows = [_measure(site, path, args.runs) for site in sites for path in _paths(site)]
    print(f"\npages: {args.utterances:,} utterances, {args.runs} requests each\n")
    print(table(["site", "path", "median ms", "p95 ms", "KB"], [row.cells() for row in rows]), "\n")
    slowest = max(rows, key=lambda row: row.p95_ms)
    what = f"the slowest, {slowest.site} {slowest.path}, p95"
    most = MAX_MS if args.utterances <= LONG_HISTORY else MAX_MS_LONG
    return report([Wanted(what, slowest.p95_ms, most, " ms")])


def _prepare(env: Mapping[str, str], utterances: int) -> str:
    """Create a database with account, robot and history. Return an API token."""
    run_manage(env, "prepare")
    robot = (
        "from hive.models import Robot, arrival;"
        f"Robot.objects.write({ROBOT!r}, arrival() | {{'approval': 'approved'}})"
    )
    run_manage(env, "shell", "-c", robot)
    note(f"pages: {utterances:,} utterances are made")
    run_manage(env, "make_utterances", str(utterances))
    return run_manage(env, "create_api_token", "bench").strip()


def _paths(site: Site) -> list[str]:
    """Return all measured paths, with searches that find many, few and no rows."""
    newest = json.loads(site.get("/api/history?limit=200")[2]) if site.name == "monitor" else {}
    history = ["/history/", *(f"/history/?{query}" for query in _queries())]
    api = [f"/api/history?{query}" for query in _queries()] if newest else []
    admin = [
        ADMIN,
        f"{ADMIN}?q=dragon",
        f"{ADMIN}?status__exact=failed&source=chat",
        f"{ADMIN}?received_at__year={time.gmtime().tm_year}",
        f"{ADMIN}?robot_confirmed=0",
        f"{ADMIN}?lang=es",
        f"{ADMIN}?p=3",
        *_of_one(site, newest),
    ]
    return [*PAGES[site.name], *API[site.name], *history, *api, *admin]


def _queries() -> list[str]:
    """Return typical searches: common, rare and absent words, filters, and old pages."""
    long_ago = int((time.time() - 60 * 86_400) * 1_000_000)
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 40 * 86_400))
    return [
        f"q={quote('dragón')}",
        "q=la",
        "q=mar+canc",
        "q=zzzz",
        "q=lomiraperca",
        f"device_id={ROBOT}",
        "status=failed",
        f"source=plug-in&device_id={ROBOT}&status=failed",
        "source=nowhere&status=spoken",
        f"day={day}",
        f"day={day}&q=luna",
        f"before={long_ago}-{'f' * 32}",
        f"before={long_ago}-{'f' * 32}&q=luna",
    ]


def _of_one(site: Site, newest: Mapping[str, list[dict[str, str]]]) -> list[str]:
    """Return the admin's page of an utterance, and a search for its rare name."""
    if not newest:
        return []
    rows = newest["utterances"]
    names = re.findall(r"\b[A-Z]\w{8,}", " ".join(row["text"] for row in rows))
    return [
        f"{ADMIN}{rows[0]['id']}/change/",
        *(f"/history/?q={quote(each)}" for each in names[:1]),
    ]


def _measure(site: Site, path: str, runs: int) -> Measured:
    times: list[float] = []
    size = 0
    for number in range(runs + 1):
        milliseconds, status, content = site.get(path)
        if status not in (200, 503 if path == "/health" else 200):
            raise BenchError(f"{site.name} {path} answers {status}")
        size = len(content)
        if number:  # the first request reads from disk
            times.append(milliseconds)
    middle, high = median(times) or 0.0, percentile(times, 95) or 0.0
    return Measured(site.name, path, middle, high, size / 1000)
