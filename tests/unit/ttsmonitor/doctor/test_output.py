"""The doctor's command and its report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from tests.support.components import failing
from tests.support.tools import ROOT
from ttsmirror.reasons import Reason
from ttsmonitor.doctor import output, registry
from ttsmonitor.doctor.base import Check, Finding, Level, fault, ok, warning
from ttsmonitor.doctor.relay import relay
from ttsmonitor.doctor.situation import Situation

FULL = Reason("database or disk is full")


def use(monkeypatch: pytest.MonkeyPatch, *findings: Finding, needs: Sequence[str] = ()) -> None:
    """Have the doctor consist of a check for each finding, which may need the one before."""
    checks: list[Check] = []
    for number, finding in enumerate(findings):
        before = [checks[-1].id] if needs and checks else []
        checks.append(Check(f"c{number}", "Disk", lambda _s, each=finding: [each], before))  # type: ignore[misc]
    monkeypatch.setattr(registry, "_CHECKS", checks)


def test_fault_makes_the_command_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, warning(Reason("the sound is muted")))
    call_command("tts_doctor")
    use(monkeypatch, ok(FULL), fault(FULL, "rm -r x"))
    with pytest.raises(SystemExit) as ended:
        call_command("tts_doctor")
    assert ended.value.code == 1
    printed = capsys.readouterr().out
    assert "fault        Disk: database or disk is full\n             -> rm -r x" in printed
    assert "Faults: 1, warnings: 0." in printed


def test_json_names_level_code_and_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, fault(FULL, "rm -r x"))
    with pytest.raises(SystemExit):
        call_command("tts_doctor", "--json")
    printed = json.loads(capsys.readouterr().out)
    assert printed["ok"] is False
    (check,) = printed["checks"]
    (finding,) = check["findings"]
    assert (check["id"], check["level"]) == ("c0", "fault")
    assert finding["reason"] == {"code": "database or disk is full", "params": {}}
    assert finding["command"] == "rm -r x"


def test_lines_are_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, fault(Reason("the sound is muted")))
    with translation.override("es"):
        line = output.as_lines(registry.run_checks())[0]
    assert line.split() == ["fallo", "Disco:", "el", "sonido", "está", "silenciado"]


def test_check_after_a_fault_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, fault(FULL), fault(FULL), ok(FULL), needs=["c0"])
    levels = [result.level for result in registry.run_checks()]
    assert levels == [Level.FAULT, Level.SKIPPED, Level.SKIPPED]


def test_failing_check_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(situation: Situation) -> list[Finding]:
        raise ZeroDivisionError("by <zero>")

    def misread(situation: Situation) -> list[Finding]:
        raise ImproperlyConfigured("MQTT_PORT")

    checks = [Check("a", "Disk", crash), Check("b", "Disk", misread)]
    monkeypatch.setattr(registry, "_CHECKS", [*checks, Check("c", "Disk", lambda _s: [ok(FULL)])])
    results = registry.run_checks()
    assert [each.level for each in results] == [Level.FAULT, Level.SKIPPED, Level.OK]
    assert "this check failed: ZeroDivisionError" in results[0].findings[0].reason


def test_report_has_neither_secrets_nor_words(
    monkeypatch: pytest.MonkeyPatch, work: Path, tmp_path: Path
) -> None:
    (work / "installation_id").write_text("0123456789abcdef")
    monkeypatch.setenv("MQTT_PASSWORD", "hunter22")
    monkeypatch.setenv("HIVE_CHAT_URL", "https://user:sesame@llm.test/v1?key=abc")
    monkeypatch.setenv("DATABASE_URL", "postgres://moxie:elephant@db/moxie")
    monkeypatch.setenv("TTS_LANG", "es")
    said = failing(Reason("{cause}: {count} times", cause="te quiero mucho", count=3))
    (quoted,) = relay({"checks": {"queue": said}})
    (plain,) = relay({"checks": {"queue": failing("te quiero mucho")}})
    leak = "moxie-hive-0123456789abcdef hunter22 elephant sesame"
    use(monkeypatch, quoted, plain, warning(Reason("{name} is taken", name=leak)))
    with pytest.raises(SystemExit):
        call_command("tts_doctor", "--report", str(tmp_path / "report.txt"))
    report = (tmp_path / "report.txt").read_text()
    assert (tmp_path / "report.txt").stat().st_mode & 0o077 == 0
    for word in ("hunter22", "sesame", "elephant", "0123456789abcdef", "quiero", "key=abc"):
        assert word not in report
    for word in ("…: 3 times", "TTS_LANG=es", "MQTT_PASSWORD=***", "c2: moxie-hive-***"):
        assert word in report


@pytest.mark.django_db
def test_diagnostics_show_the_checks_when_asked(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwritable = Reason("{path} cannot be written by this account", path="<a>")
    use(monkeypatch, ok(FULL), fault(unwritable))
    assert "data-finding" not in browser.get("/diagnostics/").content.decode()
    page = browser.get("/diagnostics/?checks=1").content.decode()
    assert 'data-finding="c1" data-level="fault"' in page
    assert "&lt;a&gt; cannot be written by this account" in page


@pytest.mark.parametrize("page", ["troubleshooting.md", "troubleshooting.es.md"])
def test_every_check_is_in_the_docs(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    ids = [check.id for check in registry._CHECKS]
    assert len(ids) > 20
    assert [each for each in ids if f"`{each}`" not in text] == []
