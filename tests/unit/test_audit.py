"""script/audit tells vulnerabilities, and what it could not look up; pip-audit is a stand-in."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.tools import ROOT

FINE = {"name": "daphne", "version": "4.2.1", "vulns": []}
BAD = {
    "name": "django",
    "version": "5.2.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["5.2.9"]}],
}
UNKNOWN = {"name": "segno", "skip_reason": "not found"}


def audit(folder: Path, packages: list[dict[str, Any]] | None, log: str = "") -> tuple[int, str]:
    """Run the script with a pip-audit that answers so; return exit code and output."""
    answer = "" if packages is None else json.dumps({"dependencies": packages, "fixes": []})
    (folder / "answer").write_text(answer)
    (folder / "log").write_text(log)
    program = folder / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat {folder}/answer\ncat {folder}/log >&2\nexit 1\n")
    program.chmod(0o755)
    done = subprocess.run(
        [ROOT / "script/audit"],
        env=os.environ | {"PIP_AUDIT": str(program)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("packages", "log", "code", "words"),
    [
        ([FINE], "", 0, "No known vulnerability in 1 packages"),
        ([FINE, BAD], "", 1, "django 5.2.0: PYSEC-2026-1, fixed in 5.2.9"),
        ([FINE, UNKNOWN], "", 0, "left out: 1 packages that the database does not know: segno"),
        ([UNKNOWN], "", 0, "left out: the audit"),
        (None, "requests.exceptions.ConnectionError: no", 0, "left out: the audit"),
        (None, "invalid choice", 1, "pip-audit failed"),
    ],
)
def test_audit_reports_what_pip_audit_found(
    tmp_path: Path, packages: list[dict[str, Any]] | None, log: str, code: int, words: str
) -> None:
    ended, output = audit(tmp_path, packages, log)
    assert words in output
    assert ended == code
    if packages == [UNKNOWN]:
        assert "No known" not in output
