"""The results of the doctor as text, as JSON, and as a file for a bug report."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ttsmirror.mqtt.account import broker_directory
from ttsmirror.reasons import Reason, as_json, fill
from ttsmirror.translations import translate
from ttsmirror.version import VERSION
from ttsmonitor.conf import conf
from ttsmonitor.doctor.base import Finding, Level, Result
from ttsmonitor.doctor.computer_checks import versions
from ttsmonitor.system.terminal import printable

LABELS = {
    Level.OK: gettext_noop("ok"),
    Level.SKIPPED: gettext_noop("not checked"),
    Level.WARNING: gettext_noop("warning"),
    Level.FAULT: gettext_noop("fault"),
}
ARROW = "->"
SETTINGS = re.compile(
    r"(MOXIE|MQTT|TTS|HTTP|HIVE|PIPER|HA|PULSE)_\w+|(LOG|ALLOWED|CSRF)_\w+|TZ|DEBUG|LANG|LC_\w+"
)
"""Environment variables that a report shows."""
SECRET = re.compile(r"PASSWORD|KEY|SECRET|TOKEN")
"""In the names of variables whose value it does not show."""
_IN_ADDRESS = re.compile(r"(?://[^/@:]*:|[?&]\w*(?:key|token)=)([^@&]+)")
"""A password or key in an address."""
HIDDEN = "***"
SHORTEST_SECRET = 4
"""Characters; a shorter one occurs in other words, too."""


def is_well(results: Iterable[Result]) -> bool:
    """Return False if there is a fault."""
    return all(result.level < Level.FAULT for result in results)


def as_lines(results: Sequence[Result]) -> list[str]:
    """Return the results for a terminal, a line for each finding and one for its command."""
    width = max(len(_(label)) for label in LABELS.values())
    lines = []
    for result in results:
        for finding in result.findings:
            label = _(LABELS[finding.level]).ljust(width)
            sentence = printable(translate(finding.reason))
            lines.append(f"{label}  {_(result.check.title)}: {sentence}")
            if finding.command:
                lines.append(f"{' ' * width}  {ARROW} {finding.command}")
    return [*lines, "", _summary(results)]


def results_json(results: Sequence[Result]) -> dict[str, Any]:
    """Return the results as JSON; `message` is translated, `reason` has its code and values."""
    return {
        "ok": is_well(results),
        "version": VERSION,
        "checks": [
            {
                "id": result.check.id,
                "title": _(result.check.title),
                "level": result.level.name.lower(),
                "findings": [
                    {
                        "level": each.level.name.lower(),
                        "message": translate(each.reason),
                        "reason": as_json(each.reason),
                        "command": each.command,
                    }
                    for each in result.findings
                ],
            }
            for result in results
        ],
    }


def bug_report(results: Sequence[Result]) -> str:
    """Return the results in English, with the settings, without secrets and without words said."""
    with translation.override("en"):
        lines = [f"# Moxie {VERSION}: tts_doctor", "", *versions(), "", "## Settings", ""]
        lines += [
            f"{name}={_shown(name)}" for name in sorted(filter(SETTINGS.fullmatch, os.environ))
        ]
        lines += ["", "## Checks", ""]
        for result in results:
            lines += [
                f"{each.level.name.lower()}  {result.check.id}: {_anonymous(each)}"
                for each in result.findings
            ]
    return printable_lines(_scrub("\n".join(lines)))


def printable_lines(text: str) -> str:
    """Return lines without control characters."""
    return "".join(f"{printable(line)}\n" for line in text.split("\n"))


def _summary(results: Sequence[Result]) -> str:
    levels = [result.level for result in results]
    faults, warnings = levels.count(Level.FAULT), levels.count(Level.WARNING)
    if not faults and not warnings:
        return _("Everything works.")
    return _("Faults: {faults}, warnings: {warnings}.").format(faults=faults, warnings=warnings)


def _anonymous(finding: Finding) -> str:
    """Return the sentence of a finding; of one that a service reported, no text that it quotes."""
    return _without_values(finding.reason) if finding.is_quoted else str(finding.reason)


def _without_values(reason: object) -> str:
    if isinstance(reason, Reason):
        return fill(
            reason.code, {name: _without_values(value) for name, value in reason.params.items()}
        )
    return str(reason) if isinstance(reason, int | float) else "…"


def _shown(name: str) -> str:
    value = os.environ[name]
    if SECRET.search(name):
        return HIDDEN if value else ""
    value = re.sub(r"//[^/@]*@", f"//{HIDDEN}@", value)
    return re.sub(r"\?.*", f"?{HIDDEN}", value)


def _scrub(text: str) -> str:
    """Remove secrets wherever they are, and the name of the account in paths."""
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text.replace(str(Path.home()), "~") if Path.home() != Path("/") else text


def _secrets() -> set[str]:
    found = {value for name, value in os.environ.items() if SECRET.search(name)}
    for value in os.environ.values():
        found.update(match[1] for match in _IN_ADDRESS.finditer(value))
    accounts = (broker_directory() / "accounts").glob("*/*")
    for path in (conf.work_dir / "installation_id", conf.work_dir / "secret_key", *accounts):
        try:
            found.add(path.read_text().strip())
        except (OSError, UnicodeDecodeError):
            continue
    return {each for each in found if len(each) >= SHORTEST_SECRET}
