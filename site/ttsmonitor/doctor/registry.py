"""The registry of checks. A new one is a function that yields findings, and a line here."""

from __future__ import annotations

import logging
import threading

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_noop

from ttsmirror.reasons import Reason
from ttsmonitor.doctor import (
    broker_checks,
    component_checks,
    computer_checks,
    speech_checks,
    storage_checks,
)
from ttsmonitor.doctor.base import Check, Finding, Level, Result, fault, skipped
from ttsmonitor.doctor.situation import Situation

logger = logging.getLogger(__name__)
_running = threading.Lock()

UNREADABLE = Reason("a setting cannot be read: see the check of the settings")

_CHECKS = [
    Check("software", gettext_noop("Software"), computer_checks.look_at_software),
    Check("settings", gettext_noop("Settings"), computer_checks.look_at_settings),
    Check("files", gettext_noop("Files"), computer_checks.look_at_files),
    Check("disk", gettext_noop("Disk"), computer_checks.look_at_disk),
    Check("memory", gettext_noop("Memory"), computer_checks.look_at_memory),
    Check("database", gettext_noop("Database"), storage_checks.look_at_database),
    Check("outbox", gettext_noop("Outbox"), storage_checks.look_at_outbox),
    Check("backup", gettext_noop("Backup"), storage_checks.look_at_backup),
    Check("broker-ports", gettext_noop("Broker's ports"), computer_checks.look_at_broker_ports),
    Check("broker", gettext_noop("Broker"), broker_checks.look_at_broker),
    Check("access", gettext_noop("Access rules"), broker_checks.look_at_access, ["broker"]),
    Check(
        "certificate", gettext_noop("Certificate"), broker_checks.look_at_certificate, ["broker"]
    ),
    Check("client-ids", gettext_noop("Client ids"), broker_checks.look_at_client_ids, ["broker"]),
    Check(
        "retained", gettext_noop("Retained messages"), broker_checks.look_at_retained, ["broker"]
    ),
    Check("quality", gettext_noop("Quality of service"), broker_checks.look_at_quality),
    Check(
        "publisher",
        gettext_noop("Publisher"),
        component_checks.look_at_publisher,
        ["broker", "access"],
    ),
    Check(
        "subscriber",
        gettext_noop("Speech service"),
        component_checks.look_at_subscriber,
        ["broker", "access"],
    ),
    Check("rivals", gettext_noop("Second services"), component_checks.look_at_rivals, ["broker"]),
    Check("clocks", gettext_noop("Clocks"), component_checks.look_at_clocks, ["broker"]),
    Check("versions", gettext_noop("Versions"), component_checks.look_at_versions, ["broker"]),
    Check("monitor", gettext_noop("Monitor"), computer_checks.look_at_monitor_pages),
    Check("addresses", gettext_noop("Addresses"), computer_checks.look_at_addresses),
    Check("voice", gettext_noop("Voice"), speech_checks.look_at_voice),
    Check("engines", gettext_noop("Engines"), speech_checks.look_at_engines),
    Check("sound", gettext_noop("Sound device"), speech_checks.look_at_sound),
    Check("history", gettext_noop("Sentences"), storage_checks.look_at_history, ["database"]),
    Check("outcomes", gettext_noop("Outcomes"), storage_checks.look_at_outcomes, ["database"]),
]


def register(check: Check) -> None:
    """Add the check of another app, once."""
    if check.id not in {each.id for each in _CHECKS}:
        _CHECKS.append(check)


def run_checks() -> list[Result]:
    """Run all checks in their order, for one caller at a time. It takes some seconds."""
    with _running:
        return _run_all()


def _run_all() -> list[Result]:
    situation = Situation()
    results: dict[str, Result] = {}
    for check in _CHECKS:
        broken = [name for name in check.needs if _is_broken(results[name])]
        if broken:
            first = broken[0]
            findings = [skipped(Reason("another check has to succeed first: {check}", check=first))]
        else:
            findings = _run(check, situation)
        results[check.id] = Result(check, findings)
    return list(results.values())


def _is_broken(result: Result) -> bool:
    """Return True for a fault, and for what was skipped after one."""
    return result.level in (Level.FAULT, Level.SKIPPED)


def _run(check: Check, situation: Situation) -> list[Finding]:
    try:
        return list(check.look(situation))
    except ImproperlyConfigured:
        return [skipped(UNREADABLE)]
    except Exception as exc:  # the others have to be looked at in any case
        logger.exception("the check %s failed", check.id)
        return [fault(Reason("this check failed: {cause}", cause=repr(exc)))]
