"""Packaging, CI and pre-commit files agree with the project."""

from __future__ import annotations

import re
import tomllib

import yaml

from tests.support.tools import ROOT
from ttsmirror.version import VERSION

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_version_is_defined_in_one_place() -> None:
    project = PYPROJECT["project"]
    assert "version" not in project
    assert project["dynamic"] == ["version"]
    source = PYPROJECT["tool"]["setuptools"]["dynamic"]["version"]["attr"]
    assert source == "ttsmirror.version.VERSION"


def test_changelog_names_the_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    assert released[0] == VERSION


def test_ci_runs_script_test_on_each_supported_python() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    job = workflow["jobs"]["test"]
    assert "script/test" in [step.get("run") for step in job["steps"]]
    versions = job["strategy"]["matrix"]["python"]
    assert PYPROJECT["project"]["requires-python"] == f">={versions[0]}"
    assert versions == [f"3.{minor}" for minor in range(11, 11 + len(versions))]


def test_unit_tests_record_no_sound() -> None:
    """script/test runs the tests that do in the other folders only."""
    files = (ROOT / "tests/unit").rglob("*.py")
    assert not [path for path in files if re.search(r"mark\.sound\b", path.read_text())]


def test_pre_commit_runs_the_script_test_checks() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    (repository,) = config["repos"]
    assert repository["repo"] == "local"
    called = {
        match[1]
        for hook in repository["hooks"]
        if (match := re.search(r"\.venv/bin/([\w-]+)", hook["entry"]))
    }
    checks = re.findall(r"\$VENV/bin/([\w-]+)", (ROOT / "script/test").read_text())
    assert called == set(checks) - {"coverage"}
