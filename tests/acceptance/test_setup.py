"""`script/setup` reports a missing piece in one line without a traceback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.tools import ROOT, free_port


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy the files that the script needs into a directory with a space in its name."""
    project = tmp_path / "a project"
    for folder in ("script", "locks"):
        shutil.copytree(ROOT / folder, project / folder)
    for file in (*ROOT.glob("requirements*.txt"), ROOT / "manage.py"):
        shutil.copy(file, project)
    return project


def setup(project: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.run(
        [project / "script" / "setup", "--no-site"],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_old_python_is_answered_with_version_to_install(project: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("python3", *(f"python3.{minor}" for minor in range(9, 20))):
        old = programs / name
        old.write_text("#!/bin/sh\nexit 1\n")  # the result of the script's version check
        old.chmod(0o755)
    done = setup(project, {"PATH": f"{programs}:{os.environ['PATH']}"})
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: Python 3.11 or newer is needed; install it with: ")
    assert not (project / ".venv").exists()


def test_missing_network_is_reported_in_one_line(project: Path) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/"
    environment = {"PIP_INDEX_URL": nowhere, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_CACHE_DIR": "1"}
    done = setup(project, environment)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: requirements.txt is not installed: pip cannot reach")
    assert "Traceback" not in done.stdout


@pytest.fixture
def probe(project: Path, tmp_path: Path) -> Path:
    """Build a wheel of version 1.0, the only available and only required package."""
    wheel = tmp_path / "wheels" / "moxie_probe-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    info = "moxie_probe-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: moxie-probe\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    for file in (*project.glob("requirements*.txt"), *project.glob("locks/*.txt")):
        file.write_text("")
    (project / "requirements.txt").write_text("moxie-probe\n")
    return wheel


def setup_with_lock(project: Path, probe: Path, lock: str) -> subprocess.CompletedProcess[str]:
    (project / "locks" / "requirements.txt").write_text(lock)
    environment = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": probe.parent.as_uri(),
        "PIP_NO_CACHE_DIR": "1",
    }
    return setup(project, environment)


def has_probe(project: Path) -> bool:
    return any(project.glob(".venv/lib/python3*/site-packages/moxie_probe-1.0.dist-info"))


def test_package_with_wrong_hash_is_not_installed(project: Path, probe: Path) -> None:
    done = setup_with_lock(project, probe, f"moxie-probe==1.0 --hash=sha256:{'0' * 64}\n")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "requirements.txt is not installed: a package is not the one that locks/" in line
    assert not has_probe(project)


def test_unavailable_locked_version_is_replaced_and_named(project: Path, probe: Path) -> None:
    done = setup_with_lock(project, probe, f"moxie-probe==2.0 --hash=sha256:{'0' * 64}\n")
    assert done.returncode == 0, done.stderr
    assert "left out: the locked versions of requirements.txt, others are installed" in done.stdout
    assert has_probe(project)


def test_server_leaves_the_account_to_the_end(project: Path) -> None:
    (project / "manage.py").write_text("import sys\nprint(*sys.argv)\n")
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (project / ".venv" / ".left-out").touch()
    # Write the stamp of a completed setup with the script's own functions.
    script = (project / "script" / "setup").read_text()
    functions = re.findall(r"^(?:state|has_portaudio)\(\) \{\n.*?^\}\n", script, re.M | re.S)
    program = "source script/lib.sh\n" + "".join(functions) + 'state >"$STAMP"'
    subprocess.run(["bash", "-c", program], cwd=project, check=True)
    server = subprocess.run(
        [project / "script" / "server", "--without-speech"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert server.returncode == 0, server.stdout + server.stderr
    assert server.stdout.splitlines() == [
        "manage.py prepare --no-account",
        "manage.py run_all --without-speech",
    ]


def test_unknown_option_is_refused(project: Path) -> None:
    done = subprocess.run(
        [project / "script" / "setup", "--wrong"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: unknown option --wrong")
