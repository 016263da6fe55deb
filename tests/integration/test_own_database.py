"""The plug-in keeps its data in its own database."""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from bench.postgres import Postgres, find_programs
from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.conftest import Broker
from tests.support.openmoxie import (
    EARLIER,
    PREPARE,
    ROBOT,
    SOURCES,
    OpenMoxie,
    SpeechService,
    git,
    load_sqlite,
    plug,
    plug_as_earlier,
    read,
    talk,
    tls_broker,
)
from tests.support.tools import wait_until

SETTINGS = "site/openmoxie/settings.py"
DAY_OLD = "Dicho hace dos días"
FILL = f"""
from datetime import timedelta
from uuid import uuid4
from django.utils import timezone
from ttsmirror.models import *
now = timezone.now()
def say(text, when=now, **more):
    more = {{"status": "spoken", "source": "chat"}} | more
    return Utterance.objects.create(text=text, published_at=when, received_at=when, **more)
say("{DAY_OLD}", now - timedelta(days=2))
for number in range(3):
    row = say(f"Frase {{number}}", lang="es", robot_confirmed=True, rank=1, priority="high")
    UtteranceChunk.objects.create(utterance=row, number=1, text=row.text)
OutboxEntry.objects.create(id=uuid4(), payload={{
    "text": "Sin confirmar", "source": "chat", "published_at": now.isoformat(),
    "device_id": "{ROBOT}",
}})
"""
COMPARE = """
from django.db import connection
from ttsmirror.models import OutboxEntry, Utterance, UtteranceChunk
def kept(alias):
    return [row for model in (Utterance, UtteranceChunk, OutboxEntry)
            for row in model.objects.using(alias).order_by("pk").values_list(*fields(model))]
def fields(model):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {model._meta.db_table}")
        columns = {column[0] for column in cursor.description}
    return [field.attname for field in model._meta.concrete_fields if field.column in columns]
old = kept("default")
print("same", old == kept("moxie_tts"), len(fields(Utterance)) > 20, len(old))
"""
DROP = "from ttsmirror.plugged_in.database import drop_old_tables; drop_old_tables()"
LEFT = """
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
with connection.cursor() as cursor:
    names = connection.introspection.table_names(cursor)
    if connection.vendor == "postgresql":
        cursor.execute("select proname from pg_proc where proname like 'moxie%'")
    else:
        cursor.execute("select name from sqlite_master")
    names += [name for (name,) in cursor.fetchall()]
names += [app for app, _ in MigrationRecorder(connection).applied_migrations()]
print("left", sorted(each for each in names if "ttsmonitor" in each or "moxie" in each))
print("theirs", "auth_user" in names)
"""
RETENTION = "set MOXIE_TTS_TTS_HISTORY_DAYS=30"


@pytest.fixture
def robot(tmp_path: Path) -> Iterator[VirtualMoxie]:
    with tls_broker(tmp_path) as port:
        robot = VirtualMoxie(ROBOT, "localhost", port)
        yield robot
        robot.stop()


@pytest.fixture
def speech(mosquitto: Broker) -> Iterator[SpeechService]:
    with closing(SpeechService(mosquitto.port)) as service:
        yield service


@pytest.fixture
def openmoxie(checkout: Path, mosquitto: Broker, robot: VirtualMoxie) -> Iterator[OpenMoxie]:
    """Return an OpenMoxie without the plug-in, neither migrated nor started."""
    openmoxie = OpenMoxie(
        checkout,
        sys.executable,
        STANDIN_PORT=str(robot._address[1]),
        MOXIE_TTS_MQTT_PORT=str(mosquitto.port),
        MOXIE_TTS_TTS_RETRY_SECONDS="1",
    )
    yield openmoxie
    openmoxie.close()


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Keep others from writing within the block, and without a WAL also from reading."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


def tables(database: Path) -> set[str]:
    return {name for (name,) in read(database, "select name from sqlite_master")}


def test_hosts_database_is_neither_read_nor_written(
    openmoxie: OpenMoxie, robot: VirtualMoxie, speech: SpeechService
) -> None:
    assert plug(openmoxie.checkout).returncode == 0
    openmoxie.prepare()
    assert not [name for name in tables(openmoxie.database) if name.startswith("ttsmonitor")]
    openmoxie.manage("shell", "-c", FILL)
    openmoxie.set(MOXIE_TTS_TTS_HISTORY_DAYS="1")
    before = openmoxie.database.read_bytes()
    openmoxie.start()
    with locked(openmoxie.database):
        talk(openmoxie, robot)
        spoken = [(source, "spoken", 1) for source in SOURCES]
        wait_until(lambda: [row[1:] for row in openmoxie.history()][-len(SOURCES) :] == spoken)
        wait_until(lambda: DAY_OLD not in {row[0] for row in openmoxie.history()}, "the pruning")
        waiting = "select payload from ttsmonitor_outboxentry"
        wait_until(lambda: read(openmoxie.history_database, waiting) == [], "the confirmations")
    assert openmoxie.database.read_bytes() == before
    assert "locked" not in openmoxie.output
    assert "Traceback" not in openmoxie.output


def test_locked_history_delays_no_command(
    openmoxie: OpenMoxie, robot: VirtualMoxie, speech: SpeechService
) -> None:
    assert plug(openmoxie.checkout).returncode == 0
    openmoxie.prepare()
    openmoxie.start()
    robot.start()
    robot.wait_for(lambda robot: robot.config)
    with locked(openmoxie.history_database):
        began = time.monotonic()
        for number in range(5):
            openmoxie.puppet(command="speak", speech=f"Hola {number}", mood="happy", intensity="1")
        robot.wait_for(lambda robot: len(robot.said) == 5)
        assert time.monotonic() - began < 15  # the lock timeout is 20 s
    wait_until(lambda: len(openmoxie.history()) == 5, "the history")


def test_missing_tables_are_made_at_the_start(
    openmoxie: OpenMoxie, robot: VirtualMoxie, speech: SpeechService
) -> None:
    openmoxie.prepare()
    assert plug(openmoxie.checkout).returncode == 0
    assert not openmoxie.history_database.exists()
    openmoxie.start()
    wait_until(openmoxie.history_database.exists, "the file")
    wait_until(
        lambda: "ttsmonitor_utterancechunk" in tables(openmoxie.history_database), "the tables"
    )
    talk(openmoxie, robot)
    wait_until(lambda: len(openmoxie.history()) == len(SOURCES))
    assert not [name for name in tables(openmoxie.database) if name.startswith("ttsmonitor")]


def test_several_processes_make_the_tables_at_once(openmoxie: OpenMoxie) -> None:
    plug(openmoxie.checkout)
    openmoxie.prepare()
    openmoxie.history_database.unlink()
    make = "from ttsmirror.plugged_in.database import prepare; prepare()"
    with ThreadPoolExecutor(3) as threads:
        made = [threads.submit(openmoxie.manage, "shell", "-c", make) for _ in range(3)]
        assert not any("Error" in each.result() for each in made)
    assert "MISSING" not in plug(openmoxie.checkout, "--check").stdout


def test_upgrade_copies_history_from_the_host_sqlite(
    openmoxie: OpenMoxie, robot: VirtualMoxie, speech: SpeechService
) -> None:
    plug_as_earlier(openmoxie.checkout)
    load_sqlite("b0521a3.sqlite.sql", openmoxie.database)
    assert plug(openmoxie.checkout).returncode == 0
    told = openmoxie.manage("migrate")
    assert "Copied 8 rows" in told
    assert RETENTION in told
    assert "same True True 8" in openmoxie.manage("shell", "-c", COMPARE)
    openmoxie.manage("shell", "-c", PREPARE)
    openmoxie.set(MOXIE_TTS_TTS_OUTBOX_HOURS="1000000")
    openmoxie.start()
    assert DAY_OLD in openmoxie.admin("ttsmirror/utterance/")
    wait_until(lambda: speech.heard, "the sentence left in the outbox")
    robot.start()
    robot.wait_for(lambda robot: robot.config)
    openmoxie.puppet(command="speak", speech="Hola", mood="happy", intensity="1")
    wait_until(lambda: len(speech.heard) == 2, "the new sentence")
    assert {each["text"] for each in speech.heard} == {"Sin confirmar", "Hola"}
    wait_until(lambda: len(openmoxie.history()) == 6, "the history")
    openmoxie.close()

    # The copy happens once: rows deleted later do not come back.
    delete = "from ttsmirror.models import *; Utterance.objects.all().delete()"
    openmoxie.manage("shell", "-c", delete)
    assert "Copied" not in openmoxie.manage("migrate")
    assert openmoxie.history() == []
    assert len(read(openmoxie.database, "select 1 from ttsmonitor_utterance")) == 4

    openmoxie.manage("shell", "-c", DROP)
    left = openmoxie.manage("shell", "-c", LEFT)
    assert "left []" in left
    assert "theirs True" in left
    assert "No migrations to apply" in openmoxie.manage("migrate")
    plug(openmoxie.checkout, "--remove")
    assert git(openmoxie.checkout, "status", "--porcelain") == ""


@pytest.mark.skipif(find_programs() is None, reason="PostgreSQL is not installed")
def test_upgrade_copies_history_from_the_host_postgresql(openmoxie: OpenMoxie) -> None:
    programs = find_programs()
    assert programs is not None
    with closing(Postgres(programs, is_durable=False)) as server:
        url = server.new_database("openmoxie")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute((EARLIER / "b0521a3.postgresql.sql").read_bytes())
        settings = openmoxie.checkout / SETTINGS
        theirs = f"import dj_database_url\nDATABASES['default'] = dj_database_url.parse({url!r})\n"
        settings.write_text(f"{settings.read_text()}\n{theirs}")
        plug_as_earlier(openmoxie.checkout)
        plug(openmoxie.checkout)
        told = openmoxie.manage("migrate")
        assert "Copied 8 rows" in told
        assert RETENTION in told
        assert "same True True 8" in openmoxie.manage("shell", "-c", COMPARE)
        assert len(openmoxie.history()) == 4
        before = openmoxie.manage("shell", "-c", LEFT)
        assert "moxie_count_utterance" in before
        assert "ttsmonitor_total" in before
        openmoxie.manage("shell", "-c", DROP)
        left = openmoxie.manage("shell", "-c", LEFT)
        assert "left []" in left
        assert "theirs True" in left


def test_older_tables_with_fewer_columns_are_copied(openmoxie: OpenMoxie) -> None:
    plug_as_earlier(openmoxie.checkout)
    load_sqlite("b0521a3.sqlite.sql", openmoxie.database)
    with closing(sqlite3.connect(openmoxie.database)) as connection:
        connection.executescript(
            "drop index utterance_turn; alter table ttsmonitor_utterance drop column rank;"
            "alter table ttsmonitor_utterance drop column turn; drop table ttsmonitor_keeping"
        )
    plug(openmoxie.checkout)
    told = openmoxie.manage("migrate")
    assert "Copied 8 rows" in told
    assert RETENTION not in told
    assert openmoxie.history()[0] == (DAY_OLD, "chat", "spoken", None)


def test_uncopied_old_tables_are_not_dropped(openmoxie: OpenMoxie) -> None:
    load_sqlite("b0521a3.sqlite.sql", openmoxie.database)
    plug(openmoxie.checkout)
    drop = (
        "from ttsmirror.exceptions import MoxieTTSError\n"
        "from ttsmirror.plugged_in.database import drop_old_tables\n"
        "try: drop_old_tables()\nexcept MoxieTTSError as exc: print('refused:', exc)"
    )
    assert "refused: The old tables are not copied yet" in openmoxie.manage("shell", "-c", drop)
    assert "ttsmonitor_utterance" in tables(openmoxie.database)


def test_upgrade_keeps_an_earlier_versions_database_file(openmoxie: OpenMoxie) -> None:
    plug_as_earlier(openmoxie.checkout, commit="18ef50c")
    load_sqlite("18ef50c.own_file.sql", openmoxie.history_database)
    columns = "id, text, lang, status, priority, rank, received_at, robot_confirmed"
    query = f"select {columns} from ttsmonitor_utterance order by id"
    before = read(openmoxie.history_database, query)
    assert len(before) == 4
    plug(openmoxie.checkout)
    told = openmoxie.manage("migrate")
    assert "Copied" not in told
    assert RETENTION in told
    assert read(openmoxie.history_database, query) == before
    made = "select name from sqlite_master where type in ('table', 'trigger')"
    names = {name for (name,) in read(openmoxie.history_database, made)}
    assert names - {"django_migrations", "sqlite_sequence", "sqlite_stat1"} == {
        "ttsmonitor_utterance",
        "ttsmonitor_utterancechunk",
        "ttsmonitor_outboxentry",
        "ttsmirror_awaitedreport",
    }
    openmoxie.manage("shell", "-c", FILL)
    assert len(openmoxie.history()) == 8
    assert RETENTION not in openmoxie.manage("migrate")
    assert "MISSING" not in plug(openmoxie.checkout, "--check").stdout


def test_admin_deletes_from_the_history_and_deletes_users(openmoxie: OpenMoxie) -> None:
    plug(openmoxie.checkout)
    openmoxie.prepare()
    openmoxie.manage("shell", "-c", FILL)
    make = (
        "from django.contrib.auth.models import User; print(User.objects.create_user('child').pk)"
    )
    user = openmoxie.manage("shell", "-c", make).split()[-1]
    openmoxie.start()
    assert DAY_OLD in openmoxie.admin("ttsmirror/utterance/")
    (row,) = read(
        openmoxie.history_database, "select id from ttsmonitor_utterance where text = ?", DAY_OLD
    )
    openmoxie.post(f"admin/ttsmirror/utterance/{row[0]}/delete/", {"post": "yes"})
    assert DAY_OLD not in {row[0] for row in openmoxie.history()}
    openmoxie.post(f"admin/auth/user/{user}/delete/", {"post": "yes"})
    assert openmoxie.rows("select username from auth_user") == [("parent",)]


def test_settings_without_our_database_leave_the_host_alone(
    openmoxie: OpenMoxie, robot: VirtualMoxie, speech: SpeechService
) -> None:
    plug(openmoxie.checkout)
    settings = openmoxie.checkout / SETTINGS
    settings.write_text(settings.read_text() + "DATABASES = {'default': DATABASES['default']}\n")
    openmoxie.prepare()
    openmoxie.start()
    robot.start()
    robot.wait_for(lambda robot: robot.config)
    openmoxie.puppet(command="speak", speech="Hola", mood="happy", intensity="1")
    robot.wait_for(lambda robot: robot.said)
    assert "nothing is mirrored: DATABASES lacks moxie_tts" in openmoxie.output
    assert not [name for name in tables(openmoxie.database) if name.startswith("ttsmonitor")]
    assert speech.heard == []


def test_missing_folder_delays_the_history_and_not_the_speech(
    openmoxie: OpenMoxie, robot: VirtualMoxie, speech: SpeechService, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.write_text("a file where the folder should be")
    plug(openmoxie.checkout)
    settings = openmoxie.checkout / SETTINGS
    told = f"MOXIE_TTS_DATABASE = {str(place / 'moxie_tts.sqlite3')!r}\n"
    settings.write_text(settings.read_text().replace("\n# The Moxie", f"{told}\n# The Moxie"))
    openmoxie.prepare()
    openmoxie.start()
    robot.start()
    robot.wait_for(lambda robot: robot.config)
    openmoxie.puppet(command="speak", speech="Hola", mood="happy", intensity="1")
    wait_until(lambda: speech.heard, "the sentence")
    place.unlink()
    database = place / "moxie_tts.sqlite3"
    wait_until(database.exists, "the database")
    query = "select text from ttsmonitor_utterance"
    wait_until(lambda: "ttsmonitor_utterancechunk" in tables(database), "the tables")
    wait_until(lambda: read(database, query) == [("Hola",)], "the history")


def test_check_reports_a_missing_database(openmoxie: OpenMoxie) -> None:
    path = openmoxie.history_database
    plug(openmoxie.checkout)
    done = plug(openmoxie.checkout, "--check")
    assert done.returncode == 1
    assert "MISSING  its database moxie_tts.sqlite3: python3 site/manage.py migrate" in done.stdout
    openmoxie.manage("migrate")
    done = plug(openmoxie.checkout, "--check")
    assert (done.returncode, "MISSING" in done.stdout) == (0, False)
    assert f"there    its tables in {path}" in done.stdout

    openmoxie.manage("migrate", "ttsmirror", "zero", "--database", "moxie_tts")
    assert f"MISSING  its tables in {path}" in plug(openmoxie.checkout, "--check").stdout
    path.unlink()
    assert f"MISSING  its database {path}" in plug(openmoxie.checkout, "--check").stdout
    assert f"The history stays in {path}." in plug(openmoxie.checkout, "--remove").stdout
    assert git(openmoxie.checkout, "status", "--porcelain") == ""
