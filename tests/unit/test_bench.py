"""Command line and output of script/bench, without the measurements."""

from __future__ import annotations

import pytest

from bench import __main__ as command
from bench import (
    first_audio,
    ingest,
    openmoxie,
    pages,
    plugin,
    programs,
    publish,
    soak,
    stop,
    viewers,
)
from bench.ports import HIGH, LOW, ports_of
from bench.tables import Wanted, median, number, percentile, report, table
from bench.texts import CACHED, PARAGRAPH, STORY, TEXTS, Texts


def test_bench_without_command_runs_first_audio_and_publish() -> None:
    runs, args = command.parse([])
    assert runs == [first_audio.run, publish.run]
    assert (args.runs, args.calls, args.voice) == (20, 20_000, None)


@pytest.mark.parametrize(
    ("line", "run", "name", "value"),
    [
        ("first-audio --runs 3", first_audio.run, "runs", 3),
        ("publish", publish.run, "calls", 20_000),
        ("plugin", plugin.run, "calls", 1_000),
        ("plugin --openmoxie checkout --python python3", openmoxie.run, "seconds", 60),
        ("stop", stop.run, "runs", 50),
        ("ingest", ingest.run, "utterances", 10_000),
        ("viewers --viewers 9", viewers.run, "viewers", 9),
        ("pages --runs 3", pages.run, "runs", 3),
        ("pages", pages.run, "utterances", 1_000_000),
        ("programs --runs 4", programs.run, "runs", 4),
        ("soak --utterances 7", soak.run, "utterances", 7),
    ],
)
def test_command_line_selects_benchmark_and_options(
    line: str, run: object, name: str, value: int
) -> None:
    runs, args = command.parse(line.split())
    assert runs == [run]
    assert getattr(args, name) == value


@pytest.mark.parametrize("line", ["dance", "stop --runs 0", "publish --runs 3"])
def test_unknown_benchmark_or_option_is_refused(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        command.parse(line.split())
    assert refused.value.code == 2
    assert "usage: script/bench" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lost", "later_ms", "holds"), [(0, 1.0, True), (1, 0.0, False), (0, 11.0, False)]
)
def test_lost_reports_and_delayed_commands_are_misses(
    lost: int, later_ms: float, holds: bool
) -> None:
    without = openmoxie.Outcome([100.0], reports=10, robots=3)
    first = openmoxie.Outcome([100.0 + later_ms], reports=10, lost_reports=lost, robots=3)
    totals = {"without": without, "with": first + openmoxie.Outcome([1.0], reports=10)}
    assert all(each.holds for each in openmoxie.wanted(totals)) is holds


def test_percentile_is_a_measured_value() -> None:
    values = [float(value) for value in range(20, 0, -1)]
    assert percentile(values, 95) == 19
    assert percentile(values, 99) == 20
    assert percentile(values, 1) == 1
    assert percentile([7.5], 95) == 7.5
    assert percentile([], 95) is None


def test_median_without_values_is_none() -> None:
    assert median([]) is None
    assert median([3.0, 1.0, 2.0]) == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [(12345.6, "12,346"), (46.24, "46.2"), (0.714, "0.71"), (20, "20"), (-8.05, "-8.05")],
)
def test_numbers_are_rounded_to_significant_digits(value: float, words: str) -> None:
    assert number(value) == words


def test_table_is_aligned_with_dashes_for_missing_values() -> None:
    printed = table(["text", "median"], [["short", 46.24], ["paragraph", None]])
    assert printed == (
        "| text      | median |\n"
        "| --------- | -----: |\n"
        "| short     |   46.2 |\n"
        "| paragraph |      - |"
    )


def test_report_names_each_miss(capsys: pytest.CaptureFixture[str]) -> None:
    fast = Wanted("short, median", 46.2, 60, " ms")
    slow = Wanted("times faster", 19, 20, "×", "≥")
    idle = Wanted("idle", 1, 1, " %", "<")
    assert report([fast])
    assert not report([fast, slow, idle])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "ok    short, median: 46.2 ms (wanted ≤ 60 ms)",
        "MISS  times faster: 19× (wanted ≥ 20×)",
        "MISS  idle: 1 % (wanted < 1 %)",
    ]


def test_generated_texts_have_stated_length_and_differ() -> None:
    assert {name: len(text) for name, text in TEXTS.items()} == {
        "short": 16,
        "medium": 61,
        "long": 126,
        "unbroken": 126,
        "paragraph": 600,
    }
    texts = Texts(seed=1)
    for text in TEXTS.values():
        made = {texts.new(text) for _ in range(300)}
        assert len(made) == 300
        assert {len(each) for each in made} == {len(text)}
        # The first clause is new too, so that a clause cache cannot help.
        assert len({each.partition(",")[0] for each in made}) == 300
    assert Texts().new(CACHED) == CACHED
    for unbroken in (STORY, TEXTS["unbroken"]):
        assert not set(",;:") & set(unbroken)
    assert "Hola" in PARAGRAPH


def test_parallel_workers_take_no_port_of_each_other() -> None:
    shares = [
        ports_of({"PYTEST_XDIST_WORKER": f"gw{number}", "PYTEST_XDIST_WORKER_COUNT": "3"})
        for number in range(3)
    ]
    taken = [port for share in shares for port in share]
    assert len(taken) == len(set(taken)) > 0.99 * (HIGH - LOW)
    assert ports_of({}) == range(LOW, HIGH)
