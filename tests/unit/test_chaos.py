"""Plan and verdict of script/bench chaos, without a run."""

from __future__ import annotations

import itertools
import json
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from bench import __main__ as command
from bench import chaos, verdict
from bench.chaos_publisher import HANDED, sentences
from bench.evidence import (
    HISTORY,
    HISTORY_TRIGGERS,
    OUTBOX,
    OUTBOX_TRIGGERS,
    Log,
    Sounds,
    ask,
    read_history,
    read_publisher,
    watch,
)
from bench.parts import Part
from bench.plan import FORGET, KINDS, NETWORK, Fault, plan
from bench.verdict import Evidence, complaints, judge
from tests.support.tools import wait_until
from tests.support.web_fakes import utterance
from ttsmirror.models import OutboxEntry

PARTS = {
    "broker": (*KINDS, FORGET),
    "speech": (*KINDS, NETWORK),
    "hive": (*KINDS, NETWORK),
    "database": KINDS,
}
SLEEPING = "import time; time.sleep(99)"
ID = "0b6f2a3c-0000-4000-8000-00000000000"


def test_chaos_options_are_parsed_and_invalid_minutes_refused() -> None:
    runs, args = command.parse(["chaos", "--minutes", "0.5", "--seed", "7"])
    assert (runs, args.minutes, args.seed) == ([chaos.run], 0.5, 7)
    assert command.parse(["chaos"])[1].seed is None
    for wrong in ("0", "x", "nan", "-1"):
        with pytest.raises(SystemExit):
            command.parse(["chaos", f"--minutes={wrong}"])


def test_same_seed_repeats_plan_and_sentences() -> None:
    assert plan(7, 600, PARTS) == plan(7, 600, PARTS)
    assert plan(7, 600, PARTS) != plan(8, 600, PARTS)
    said = list(itertools.islice(sentences("one", 1, 7), 50))
    assert said == list(itertools.islice(sentences("one", 1, 7), 50))
    assert said != list(itertools.islice(sentences("one", 2, 7), 50))
    assert len({each["text"] for each in said}) == 50
    assert any(len(each["text"]) > 400 for each in said)
    assert {each.get("priority") for each in said} == {None, "high"}


@pytest.mark.parametrize("seed", range(5))
def test_plan_has_every_fault_per_part_without_overlap(seed: int) -> None:
    faults = plan(seed, 600, PARTS)
    kinds = Counter((fault.part, fault.kind) for fault in faults)
    assert kinds.keys() == {(part, kind) for part in PARTS for kind in PARTS[part]}
    assert max(kinds.values()) - min(kinds.values()) <= 1, "none is left out for long"
    assert all(fault.at + fault.seconds <= 600 for fault in faults)
    assert any(fault.seconds > 7.5 for fault in faults), "longer than a keepalive of 5 s"
    for part in PARTS:
        of_part = [fault for fault in faults if fault.part == part]
        for one, other in itertools.pairwise(of_part):
            assert one.at + one.seconds <= other.at


def good() -> Evidence:
    """Return a flawless run: one spoken, one expired, one lost with its killed publisher."""
    return Evidence(
        handed={"a": "Uno", "b": "Dos", "killed": "Tres"},
        drained={"a"},
        accepted={"a", "b"},
        rows=[("a", "Uno", "spoken"), ("b", "Dos", "expired")],
        claims=Counter("a"),
        sounds=Counter("a"),
        endings=Counter("a"),
    )


def test_flawless_run_breaks_no_promise() -> None:
    assert judge(good()) == {}
    interrupted = good()
    interrupted.rows[1] = ("b", "Dos", "interrupted")
    interrupted.claims["b"] = 1
    assert judge(interrupted) == {}


@pytest.mark.parametrize(
    ("promise", "changes"),
    [
        (verdict.LOST, {"accepted": {"a", "b", "killed"}}),
        (verdict.DROPPED, {"drained": {"a", "killed"}}),
        (verdict.LEFT, {"left": {"killed"}}),
        (verdict.CHANGED, {"handed": {"a": "Uno", "b": "Otra", "killed": ""}}),
        (verdict.STRANGE, {"handed": {"a": "Uno"}}),
        (verdict.STUCK, {"rows": [("a", "Uno", "spoken"), ("b", "Dos", "receiving")]}),
        (verdict.TWICE, {"rows": [("a", "Uno", "spoken"), ("b", "Dos", "failed")] * 2}),
        (verdict.ECHOED, {"claims": Counter("aab")}),
        (verdict.ECHOED, {"sounds": Counter("aab")}),
        (verdict.ECHOED, {"endings": Counter("aab")}),
        (verdict.SILENT, {"sounds": Counter("b")}),
        (verdict.SILENT, {"claims": Counter("b")}),
    ],
)
def test_each_broken_promise_is_named(promise: str, changes: dict[str, Any]) -> None:
    evidence = good()
    for name, value in changes.items():
        setattr(evidence, name, value)
    broken = judge(evidence)
    assert broken.keys() == {promise}
    (line, *_others) = complaints(broken, evidence.handed)
    assert line.startswith(f"BROKEN  {promise}: {broken[promise][0]}")


def test_sentence_under_two_ids_is_stored_twice() -> None:
    evidence = good()
    evidence.handed["c"] = "Uno"
    evidence.rows.append(("c", "Uno", "expired"))
    assert judge(evidence) == {verdict.TWICE: ["a", "c"]}


def test_log_counts_receipts_and_endings_per_utterance(tmp_path: Path) -> None:
    log = tmp_path / "log"
    received = "DEBUG ttsmonitor.intake.text_consumer: received moxie/tts/text/d_1: 9 bytes"
    log.write_text(
        f"1 {received}, utterance {ID}1, chunk 1 of 2\n"
        f"1 {received}, again, utterance {ID}1, chunk 1 of 2\n"
        f"1 {received}, utterance {ID}1, chunk 2 of 2\n"
        f"1 INFO ttsmonitor.speaking.speaker: spoken {ID}1 (1.2 s): Uno\n"
        f"1 WARNING ttsmonitor.speaking.speaker: interrupted {ID}1"
        " (the service was stopped): Uno\n"
        f"1 INFO ttsmirror.publishing.publisher: published {ID}2 on moxie/tts/text\n"
    )
    read = Log(log)
    assert (read.received.total(), len(read.received)) == (3, 2)
    assert read.endings == {f"{ID}1".replace("-", ""): 2}


def test_sound_files_are_counted_and_removed(tmp_path: Path) -> None:
    sounds = Sounds(tmp_path)
    for second in ("01", "02"):
        (tmp_path / f"20261124-1000{second}-{ID}1.wav").touch()
        sounds.collect()
    assert sounds.begun == {f"{ID}1".replace("-", ""): 2}
    assert not list(tmp_path.iterdir())


@pytest.mark.django_db(transaction=True)
def test_witness_triggers_record_outbox_and_history_changes(tmp_path: Path) -> None:
    entry, row = OutboxEntry.objects.create(payload={}), utterance("Uno", status="queued")
    files = tmp_path / OUTBOX, tmp_path / HISTORY
    for file, triggers in zip(files, (OUTBOX_TRIGGERS, HISTORY_TRIGGERS), strict=True):
        with closing(sqlite3.connect(file)) as copy:
            connection.ensure_connection()
            connection.connection.backup(copy)
        watch(file, triggers)
    with closing(sqlite3.connect(files[0])) as copy:
        copy.executescript("""
            create temp table entry as select * from ttsmonitor_outboxentry;
            delete from ttsmonitor_outboxentry;
            insert into ttsmonitor_outboxentry select * from entry;
            update ttsmonitor_outboxentry set attempts = 2;
            delete from ttsmonitor_outboxentry;
        """)
    with closing(sqlite3.connect(files[1])) as copy:
        for status in ("playing", "playing", "queued", "playing", "spoken"):
            copy.execute("update ttsmonitor_utterance set status = ?", [status])
        copy.commit()
    note = json.dumps({"id": entry.pk.hex, "session": 1, "text": "Uno"})
    (tmp_path / HANDED).write_text(f'{note}\n{{"id": "torn')
    evidence = Evidence()
    read_publisher(tmp_path, set(), evidence)
    read_history(tmp_path, evidence)
    assert evidence.handed == {entry.pk.hex: "Uno"}
    assert (evidence.accepted, evidence.drained) == ({entry.pk.hex}, {entry.pk.hex})
    assert not evidence.left
    assert ask(files[0], "select attempts from chaos_outbox") == [(2,)]
    assert evidence.rows == [(row.pk.hex, "Uno", "spoken")]
    assert evidence.claims == {row.pk.hex: 2}


def test_network_fault_ends_the_network_thread_alone(tmp_path: Path) -> None:
    code = (
        "import threading, time\n"
        "from bench.severable import PAHO, allow_ending\n"
        "allow_ending()\n"
        "def run():\n    while True: time.sleep(0.01)\n"
        "thread = threading.Thread(target=run, name=PAHO + 'x')\n"
        "thread.start()\nprint('running', flush=True)\n"
        "thread.join()\nprint('it ended', flush=True)\ntime.sleep(99)"
    )
    log = tmp_path / "log"
    part = Part("x", lambda start: [sys.executable, "-c", code], log, {})
    part.start()
    try:
        wait_until(lambda: "running" in log.read_text())
        fault = Fault(0, "x", NETWORK, 0)
        part.hurt(fault)
        part.heal(fault)
        wait_until(lambda: "it ended" in log.read_text())
        assert (part.starts, part.unclean, part.is_running) == (1, set(), True)
        assert "paho-mqtt-client-x" in log.read_text()
    finally:
        part.close()


def test_crashed_part_is_named_and_restarted(tmp_path: Path) -> None:
    part = Part("x", lambda start: [sys.executable, "-c", SLEEPING], tmp_path / "log", {})
    part.start()
    try:
        for kind in ("kill", "freeze", FORGET):
            fault = Fault(0, "x", kind, 0)
            part.hurt(fault)
            part.heal(fault)
        assert (part.starts, part.unclean, part.complaints) == (3, {1, 2}, [])
        assert part._program is not None
        part._program.signal(signal.SIGKILL)
        wait_until(lambda: not part.is_running)
        part.look()
        assert "x ended by itself at start 3" in part.complaints[0]
        assert (part.starts, part.unclean) == (4, {1, 2, 3})
        assert part.is_running
    finally:
        part.close()
