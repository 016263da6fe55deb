"""The hive mirrors robot speech while its PostgreSQL is stopped or frozen."""

from __future__ import annotations

import json
import signal
import sqlite3
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.postgres import Postgres, find_programs
from hive.mqtt.virtual_moxie import OWN_MODULE, VirtualMoxie
from hive.process.supervisor import STOP_SECONDS
from tests.conftest import Broker, installation
from tests.faults.parts import kill, product_broker
from tests.support.history import outbox_of
from tests.support.tools import (
    PATIENCE_SECONDS,
    Process,
    Stopwatch,
    free_port,
    get_json,
    manage,
    run,
    running,
    wait_until,
)

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(find_programs() is None, reason="PostgreSQL is not installed"),
]
DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
MIGRATED = "migrated"
CSRF_TOKEN = "x" * 32
NOTICE_SECONDS = 20.0
SENTENCES = [f"Frase número {number}" for number in range(5)]

Install = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    programs = find_programs()
    assert programs is not None
    with closing(Postgres(programs, is_durable=False)) as server:
        settings = {"DATABASE_URL": server.new_database(MIGRATED)}
        run(manage("migrate", "-v0"), settings | {"DJANGO_SETTINGS_MODULE": "openmoxie.settings"})
        yield server


@pytest.fixture
def postgres(server: Postgres) -> Iterator[Postgres]:
    """Return a running server with a migrated database, restarted if a test stopped it."""
    if not server.is_running:
        server.start()
    yield server


@dataclass
class Home:
    """A hive with PostgreSQL, a speech service with another database, and a robot."""

    postgres: Postgres
    broker: Broker
    url: str
    hive: dict[str, str]
    speech: dict[str, str]
    process: Process
    listening: Process
    robot: VirtualMoxie

    @property
    def device(self) -> str:
        return self.robot.device_id

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Stop the hive's database within the block."""
        self.postgres.stop()
        try:
            yield
        finally:
            self.postgres.start()

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def health(self) -> dict[str, Any]:
        return get_json(f"http://127.0.0.1:{self.hive['HIVE_PORT']}/health")

    def is_database_well(self) -> bool:
        return bool(self.health()["checks"]["database"]["ok"])

    def history(self) -> list[str]:
        """Return the text of every sentence of this robot, in order of arrival."""
        query = "select text from ttsmonitor_utterance where device_id = ? order by received_at"
        path = Path(self.speech["MOXIE_WORK_DIR"]) / "moxie.sqlite3"
        with closing(sqlite3.connect(path)) as database:
            return [text for (text,) in database.execute(query, (self.device,)).fetchall()]

    def answers(self) -> list[dict[str, Any]]:
        return [payload for name, payload in self.robot.commands if name == "remote_chat"]

    def wait_for_settled_outbox(self) -> None:
        wait_until(lambda: not outbox_of(self.hive), "the outbox to be empty")
        wait_until(lambda: self.health()["ok"], "the hive's health")


@contextmanager
def running_home(
    postgres: Postgres, broker: Broker, folder: Path, database: Path
) -> Iterator[Home]:
    """Run hive and speech service; the robot is still switched off."""
    settings = {"TTS_ENGINE": "espeak", "TTS_AUDIO": "null"}
    speech = installation(broker, folder / "speech", database, **settings)
    url = postgres.new_database(f"moxie_{uuid.uuid4().hex}", MIGRATED)
    hive = speech | {
        "DATABASE_URL": url,
        "MOXIE_WORK_DIR": str(folder / "hive"),
        "MOXIE_REQUIRE_LOGIN": "0",
        "DEBUG": "1",
    }
    robot = VirtualMoxie("", broker.host, broker.port, tls=False)
    with (
        running(manage("run_tts_subscriber"), speech) as listening,
        running(manage("run_hive"), hive) as process,
    ):
        listening.wait_for_line("connected to the broker")
        process.wait_for_line("hive ready at")
        yield Home(postgres, broker, url, hive, speech, process, listening, robot)


@contextmanager
def with_robot(home: Home) -> Iterator[Home]:
    """Switch on a robot that is new to a healthy home."""
    home.wait_for_settled_outbox()
    robot = VirtualMoxie("", home.broker.host, home.broker.port, tls=False)
    robot.start()
    try:
        robot.wait_for(lambda robot: robot.config)
        yield replace(home, robot=robot)
    finally:
        robot.stop()


@pytest.fixture(scope="module")
def lasting_home(
    server: Postgres, new_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("home")
    with (
        product_broker(folder / "broker") as broker,
        running_home(server, broker, folder, new_database) as home,
    ):
        yield home


@pytest.fixture
def home(postgres: Postgres, lasting_home: Home) -> Iterator[Home]:
    """Return the home of the tests that end none of its processes, with a robot of their own."""
    with with_robot(lasting_home) as home:
        yield home


@pytest.fixture
def own_home(
    postgres: Postgres, mosquitto: Broker, new_database: Path, tmp_path: Path
) -> Iterator[Home]:
    """Return a home whose processes the test may end."""
    with running_home(postgres, mosquitto, tmp_path, new_database) as home, with_robot(home) as own:
        yield own


def test_reports_during_outage_are_mirrored_once(home: Home) -> None:
    with home.outage():
        for sentence in SENTENCES:
            home.robot.notify(sentence, OWN_MODULE)
        wait_until(lambda: len(home.history()) >= len(SENTENCES), "the history")
    home.wait_for_settled_outbox()
    assert Counter(home.history()) == Counter(SENTENCES)


def test_reports_during_outage_survive_a_killed_hive_and_broker(own_home: Home) -> None:
    home = own_home
    with home.outage():
        home.listening.close()
        for sentence in SENTENCES:
            home.robot.notify(sentence, OWN_MODULE)
        wait_until(lambda: Counter(outbox_of(home.hive)) == Counter(SENTENCES), "the outbox")
        home.process.signal(signal.SIGKILL)
        home.process.wait()
        kill(home.broker)
        home.broker.start()
    with running(manage("run_tts_subscriber"), home.speech), running(manage("run_hive"), home.hive):
        wait_until(lambda: len(home.history()) >= len(SENTENCES), "the history")
        wait_until(lambda: not outbox_of(home.hive), "the confirmations")
    assert Counter(home.history()) == Counter(SENTENCES)


def test_prompt_during_outage_is_answered_and_mirrored(home: Home) -> None:
    (opener,) = home.rows("select opener from hive_chatmodule where lang='es'")[0]
    (fallback,) = ("Perdona, de eso todavía no sé hablar.",)
    with home.outage():
        home.robot.prompt()
        home.robot.wait_for(lambda robot: robot.said == [opener])
        home.robot.module_id = "STORY"
        home.robot.hear("Hola")
        home.robot.wait_for(lambda robot: robot.said == [opener, fallback])
        wait_until(lambda: home.history() == [opener, fallback], "the history")
    assert [answer["fallback"] for answer in home.answers()] == [False, True]
    home.wait_for_settled_outbox()
    assert home.history() == [opener, fallback]


def test_queries_during_outage_are_answered(home: Home) -> None:
    with home.outage():
        home.robot.query("schedule")
        home.robot.ask_modules()
        home.robot.wait_for(lambda robot: len(robot.commands) >= 2)
    told = dict(home.robot.commands)
    assert told["query_result"]["schedule"] == {}
    (module,) = told["remote_chat"]["query_data"]["modules"]
    assert module["info"]["id"] == home.robot.module_id


def test_health_shows_start_and_end_of_outage(home: Home) -> None:
    home.postgres.stop()
    wait_until(lambda: not home.is_database_well(), "the outage", NOTICE_SECONDS)
    assert not home.health()["ok"]
    home.postgres.start()
    wait_until(home.is_database_well, "its end", NOTICE_SECONDS)


def test_health_is_green_after_outage_without_another_sentence(home: Home) -> None:
    with home.outage():
        home.robot.notify(SENTENCES[0], OWN_MODULE)
        wait_until(lambda: home.history() == SENTENCES[:1], "the history")
        wait_until(lambda: home.health()["checks"]["mirror"]["ok"], "a mirror that is well")
        wait_until(lambda: not outbox_of(home.hive), "its confirmation")
    wait_until(lambda: home.health()["ok"], "all to be well again", NOTICE_SECONDS)


def test_presence_and_reports_during_outage_are_kept_for_later(home: Home) -> None:
    stranger = VirtualMoxie("", home.broker.host, home.broker.port, tls=False)
    query = "select device_id, online, awake, battery from hive_robot"

    def robots() -> dict[str, tuple[Any, ...]]:
        rows = {device: tuple(found) for device, *found in home.rows(query)}
        return {device: rows.get(device, ()) for device in (stranger.device_id, home.device)}

    try:
        with home.outage():
            stranger.start()
            stranger.wait_for(lambda robot: robot.config)
            home.robot.sleep()
            home.robot.prompt()  # sent after the report
            wait_until(home.answers, "the answer")
        expected: dict[str, tuple[Any, ...]] = {
            stranger.device_id: (True, True, 0.8),
            home.device: (True, False, 0.8),
        }
        wait_until(lambda: robots() == expected, "what was reported")
        home.robot.stop()
        expected[home.device] = (False, None, 0.8)
        wait_until(lambda: robots() == expected, "the departure")
    finally:
        stranger.stop()


def test_puppet_line_during_outage_is_said_and_mirrored(home: Home) -> None:
    url = f"http://127.0.0.1:{home.hive['HIVE_PORT']}/api/robots/{home.device}/speak"
    request = urllib.request.Request(
        url,
        json.dumps({"text": SENTENCES[0]}).encode(),
        {
            "Content-Type": "application/json",
            "Cookie": f"csrftoken={CSRF_TOKEN}",
            "X-CSRFToken": CSRF_TOKEN,
        },
    )
    with home.outage():
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            assert response.status == 202
            assert json.load(response)["robot"] == "online"
        home.robot.wait_for(lambda robot: robot.said == SENTENCES[:1])
        wait_until(lambda: home.history() == SENTENCES[:1], "the history")
    home.wait_for_settled_outbox()
    assert home.history() == SENTENCES[:1]


def test_token_during_outage_is_answered_with_503(home: Home) -> None:
    url = f"http://127.0.0.1:{home.hive['HIVE_PORT']}/api/robots"
    request = urllib.request.Request(url, headers={"Authorization": "Bearer x"})
    with home.outage(), pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=PATIENCE_SECONDS)
    with caught.value as answer:
        assert (answer.code, json.load(answer)["error"]) == (503, "database_unavailable")


def test_hive_stops_in_time_during_outage(own_home: Home) -> None:
    home = own_home
    with home.outage():
        home.process.signal(signal.SIGTERM)
        with Stopwatch() as watch:
            assert home.process.wait() == 0
        assert watch.seconds < STOP_SECONDS
    assert "Traceback" not in home.process.output


def test_frozen_database_does_not_hold_up_an_answer(home: Home) -> None:
    (opener,) = home.rows("select opener from hive_chatmodule where lang='es'")[0]
    with home.postgres.frozen():
        home.robot.publish_state()
        with Stopwatch() as watch:
            home.robot.prompt()
            home.robot.wait_for(lambda robot: robot.said == [opener])
        assert watch.seconds < 2  # an attempt to connect takes three
        wait_until(lambda: not home.is_database_well(), "the outage", NOTICE_SECONDS)
    wait_until(home.is_database_well, "its end", NOTICE_SECONDS)
    wait_until(lambda: home.history() == [opener], "the history")


def test_sentences_wait_for_a_shared_database(
    postgres: Postgres, mosquitto: Broker, install: Install, tmp_path: Path
) -> None:
    url = postgres.new_database("moxie_shared", MIGRATED)
    environment = install(
        DATABASE_URL=url,
        DEBUG="1",
        MOXIE_REQUIRE_LOGIN="0",
        TTS_ENGINE="espeak",
        TTS_AUDIO="null",
        MQTT_SSL_PORT=str(free_port()),
    )
    robot = VirtualMoxie(DEVICE, mosquitto.host, mosquitto.port, tls=False)
    health = f"http://127.0.0.1:{environment['HIVE_PORT']}/health"

    def history() -> list[Any]:
        with psycopg.connect(url) as connection:
            return connection.execute("select text from ttsmonitor_utterance").fetchall()

    with (
        running(manage("run_tts_subscriber"), environment) as listening,
        running(manage("run_hive"), environment) as hive,
    ):
        listening.wait_for_line("connected to the broker")
        hive.wait_for_line("hive ready at")
        wait_until(lambda: get_json(health)["ok"], "its subscription")
        robot.start()
        try:
            robot.wait_for(lambda robot: robot.config)
            postgres.stop()
            for sentence in SENTENCES:
                robot.notify(sentence, OWN_MODULE)
            hive.wait_for_line(f"{len(SENTENCES[-1])} characters in 1 chunks")
            wait_until(
                lambda: hive.output.count("characters in 1 chunks") == len(SENTENCES), "the mirror"
            )
            postgres.start()
            wait_until(lambda: len(history()) >= len(SENTENCES), "the history")
        finally:
            robot.stop()
    assert Counter(text for (text,) in history()) == Counter(SENTENCES)
