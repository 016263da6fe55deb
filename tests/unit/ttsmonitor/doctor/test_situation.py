"""The commands that start a service again."""

from __future__ import annotations

import pytest

from tests.support.components import failing
from tests.support.marked_reasons import codes_of
from tests.support.tools import ROOT
from ttsmirror.reasons import Reason
from ttsmonitor.doctor.broker_checks import EXPIRED, SILENT, UNKNOWN_ISSUER, UNKNOWN_NAME
from ttsmonitor.doctor.relay import NEEDS_RESTART, REMEDIES, relay
from ttsmonitor.doctor.situation import Situation
from ttsmonitor.system.commands import MANAGE
from ttsmonitor.system.lock import Service


def test_hung_service_is_killed_and_started(situation: Situation) -> None:
    assert situation.restart_command(Service.HIVE).endswith("script/server")
    situation.__dict__["processes"] = {Service.HIVE: "7"}
    command = situation.restart_command(Service.HIVE)
    assert command.startswith("kill -9 7; ") and command.endswith("script/server")
    situation.__dict__["processes"] = {Service.HIVE: "7", Service.ALL: "5"}
    assert situation.restart_command(Service.HIVE) == "kill -9 7"
    wrong = situation.restart_command(Service.HIVE, has_wrong_settings=True)
    assert wrong.startswith("kill 5; ")


@pytest.mark.parametrize(
    ("manage", "command"),
    [
        ("docker compose exec tts python manage.py", "docker compose restart web"),
        ("docker exec -i moxie-tts python manage.py", "docker restart moxie-tts"),
    ],
)
def test_containers_are_restarted_from_outside(
    situation: Situation, monkeypatch: pytest.MonkeyPatch, manage: str, command: str
) -> None:
    monkeypatch.setenv(MANAGE, manage)
    situation.__dict__["processes"] = {Service.HIVE: "7"}
    assert situation.restart_command(Service.HIVE) == command


def test_audio_host_restarts_its_unit(
    situation: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MANAGE, "~/moxie/services/moxie-tts-subscriber/install.sh --manage")
    command = situation.restart_command(Service.SPEECH)
    assert command == "systemctl --user restart moxie-tts.service"


def test_replaced_database_needs_a_restart() -> None:
    code = "{path} was replaced while in use: restart to use the new file"
    checks = {"database": failing(Reason(code, path="moxie.sqlite3"))}
    (finding,) = relay({"checks": checks}, restart="again")
    assert finding.command == "again"


def test_outdated_database_needs_prepare() -> None:
    code = "{cause}: the database is not up to date, run the command {command}"
    reason = Reason(
        "the database cannot be written: {cause}",
        cause=Reason(code, cause="no such column", command="prepare"),
    )
    (finding,) = relay({"checks": {"database": failing(reason)}})
    assert finding.command.endswith("manage.py prepare")


def test_codes_that_have_a_remedy_exist() -> None:
    codes = {code for app in ("ttsmirror", "ttsmonitor") for code in codes_of(ROOT / "site" / app)}
    known = {EXPIRED, SILENT, UNKNOWN_ISSUER, UNKNOWN_NAME, *REMEDIES, *NEEDS_RESTART}
    assert known - codes == set()
