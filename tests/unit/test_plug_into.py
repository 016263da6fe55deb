"""script/plug-into installs, checks, upgrades and removes the plug-in."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.openmoxie import (
    EARLIER_LINES,
    STAND_IN,
    cloned,
    git,
    plug,
    plug_as_earlier,
)
from tests.support.tools import ROOT

APP, EARLIER_APP = "site/ttsmirror", "site/ttsmonitor"
SETTINGS = "site/openmoxie/settings.py"
DATABASE = "its database moxie_tts.sqlite3: python3 site/manage.py migrate"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return cloned(tmp_path)


def test_changes_are_shown_and_the_settings_kept(checkout: Path) -> None:
    before = (checkout / SETTINGS).read_bytes()
    done = plug(checkout)

    assert (done.returncode, done.stderr) == (0, "")
    assert "files are new or changed" in done.stdout
    line = "INSTALLED_APPS, DATABASES, DATABASE_ROUTERS = plugged_into(globals())"
    assert f"+{line}" in done.stdout
    assert "manage.py migrate" in done.stdout
    assert (checkout / APP / ".plugged-in/settings.py").read_bytes() == before
    assert (checkout / SETTINGS).read_bytes().startswith(before)


def test_whole_package_is_copied(checkout: Path) -> None:
    plug(checkout)
    source = ROOT / "site/ttsmirror"
    wanted = {each.relative_to(source) for each in source.rglob("*") if each.is_file()}
    wanted = {each for each in wanted if each.suffix not in (".pyc", ".po")}
    copied = {each.relative_to(checkout / APP) for each in (checkout / APP).rglob("*.*")}
    copied = {each for each in copied if each.parts[0] != ".plugged-in"}
    assert copied == wanted
    assert Path("locale/es/LC_MESSAGES/django.mo") in copied


def test_second_run_makes_no_changes(checkout: Path) -> None:
    plug(checkout)
    once = (checkout / SETTINGS).read_bytes()
    assert plug(checkout).stdout == "Nothing to do: this version is installed.\n"
    assert (checkout / SETTINGS).read_bytes() == once


def test_backup_of_the_settings_is_private(checkout: Path) -> None:
    (checkout / SETTINGS).chmod(0o600)
    plug(checkout)
    (backup,) = (checkout / APP).rglob("settings.py")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE((checkout / SETTINGS).stat().st_mode) == 0o600


def test_changed_file_is_brought_up_to_date(checkout: Path) -> None:
    plug(checkout)
    (checkout / APP / "instrumentation/openmoxie.py").write_text("old")
    assert "1 files are new or changed" in plug(checkout).stdout
    assert "def instrument" in (checkout / APP / "instrumentation/openmoxie.py").read_text()
    plug(checkout, "--remove")
    assert git(checkout, "status", "--porcelain") == ""


@pytest.mark.parametrize("commit", EARLIER_LINES)
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("more", [b"", b"MORE = 1\n"], ids=["untouched", "changed"])
def test_earlier_version_is_replaced(
    checkout: Path, newline: bytes, more: bytes, commit: str
) -> None:
    settings, more = checkout / SETTINGS, more.replace(b"\n", newline)
    settings.write_bytes((settings.read_bytes() + b"\n").replace(b"\n", newline))
    original = plug_as_earlier(checkout, newline, commit)
    settings.write_bytes(settings.read_bytes() + more)

    done = plug(checkout)
    assert (done.returncode, done.stderr) == (0, "")
    assert "site/ttsmonitor/, an earlier version, is deleted\n" in done.stdout
    assert not (checkout / EARLIER_APP).exists()
    text = settings.read_bytes()
    assert text.startswith(original + more)
    assert text.endswith(b"= plugged_into(globals())" + newline)
    assert b"ttsmonitor" not in text
    assert text.count(b"ttsmirror") == 1
    plug(checkout, "--remove")
    assert settings.read_bytes() == original + more
    assert not (checkout / APP).exists()


@pytest.mark.parametrize("commit", EARLIER_LINES)
def test_earlier_version_is_removed(checkout: Path, commit: str) -> None:
    plug_as_earlier(checkout, commit=commit)
    done = plug(checkout, "--remove")
    assert "The history stays in OpenMoxie's database" in done.stdout
    assert git(checkout, "status", "--porcelain") == ""
    assert not (checkout / EARLIER_APP).exists()


def test_removal_names_the_earlier_version_database_file(checkout: Path) -> None:
    plug_as_earlier(checkout, commit="18ef50c")
    (checkout / EARLIER_APP / ".plugged-in/database").write_text("/data/moxie_tts.sqlite3")
    done = plug(checkout, "--remove")
    assert "The history stays in /data/moxie_tts.sqlite3." in done.stdout
    assert git(checkout, "status", "--porcelain") == ""


@pytest.mark.parametrize("options", [(), ("--remove",)], ids=["replace", "remove"])
def test_foreign_files_in_earlier_version_folder_are_kept(
    checkout: Path, options: tuple[str, ...]
) -> None:
    plug_as_earlier(checkout)
    (checkout / EARLIER_APP / "mine.txt").write_text("mine")
    (checkout / EARLIER_APP / "models/utterance.py").write_text("changed")
    shown = plug(checkout, *options, "--dry-run").stdout
    done = plug(checkout, *options)
    named = "site/ttsmonitor/mine.txt, site/ttsmonitor/models/utterance.py"
    assert f"an earlier version, is deleted but for files of yours: {named}" in shown
    assert f"These files are yours and were kept: {named}" in done.stdout
    left = sorted(each.name for each in (checkout / EARLIER_APP).rglob("*") if each.is_file())
    assert left == ["mine.txt", "utterance.py"]
    assert "earlier" not in plug(checkout, "--check").stdout.lower()


def test_interrupted_replacement_is_finished(checkout: Path) -> None:
    original = plug_as_earlier(checkout)
    kept = (checkout / EARLIER_APP).rename(checkout / "kept")
    (checkout / SETTINGS).write_bytes(original)
    plug(checkout)
    kept.rename(checkout / EARLIER_APP)
    assert "an earlier version, is deleted" in plug(checkout).stdout
    assert not (checkout / EARLIER_APP).exists()
    plug(checkout, "--remove")
    assert git(checkout, "status", "--porcelain") == ""


def test_check_reports_an_earlier_version(checkout: Path) -> None:
    plug_as_earlier(checkout)
    done = plug(checkout, "--check")
    assert done.returncode == 1
    assert "EARLIER  version in site/ttsmonitor/: run script/plug-into again" in done.stdout
    plug(checkout)
    assert "EARLIER" not in plug(checkout, "--check").stdout


def test_earlier_version_copied_by_hand_is_kept(checkout: Path) -> None:
    (checkout / EARLIER_APP).mkdir()
    (checkout / EARLIER_APP / "apps.py").touch()
    assert plug(checkout).returncode == 0
    assert "site/ttsmonitor/, copied by hand: delete it" in plug(checkout, "--check").stdout
    plug(checkout, "--remove")
    assert (checkout / EARLIER_APP / "apps.py").exists()


def test_dry_run_shows_the_earlier_version_deletion(checkout: Path) -> None:
    plug_as_earlier(checkout)
    before = git(checkout, "status", "--porcelain", "-uall")
    done = plug(checkout, "--dry-run")
    assert "site/ttsmonitor/, an earlier version, is deleted" in done.stdout
    assert '-INSTALLED_APPS = [*INSTALLED_APPS, "ttsmonitor"]' in done.stdout
    assert "Nothing was changed." in done.stdout
    assert git(checkout, "status", "--porcelain", "-uall") == before


@pytest.mark.parametrize("option", ["--dry-run", "--check"])
def test_dry_run_and_check_write_no_files(checkout: Path, option: str) -> None:
    plug(checkout, option)
    assert git(checkout, "status", "--porcelain") == ""


def test_removal_restores_the_checkout(checkout: Path) -> None:
    plug(checkout)
    done = plug(checkout, "--remove")
    assert done.returncode == 0
    assert "Removed." in done.stdout
    assert git(checkout, "status", "--porcelain") == ""
    assert not (checkout / APP).exists()
    assert plug(checkout, "--remove").stdout == "Nothing to do: the mirror is not installed.\n"


def test_later_settings_changes_survive_removal(checkout: Path) -> None:
    plug(checkout)
    settings = checkout / SETTINGS
    settings.write_text(
        settings.read_text().replace("USE_TZ = True", "USE_TZ = False") + "MORE=1\n"
    )
    plug(checkout, "--remove")
    text = settings.read_text()
    assert "USE_TZ = False" in text
    assert "MORE=1" in text
    assert "mirror" not in text


def test_windows_line_endings_are_kept(checkout: Path) -> None:
    settings = checkout / SETTINGS
    settings.write_bytes(settings.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    before = settings.read_bytes()
    plug(checkout)
    assert settings.read_bytes().count(b"\n") == settings.read_bytes().count(b"\r\n")
    plug(checkout, "--remove")
    assert settings.read_bytes() == before


def test_foreign_file_in_the_package_survives_removal(checkout: Path) -> None:
    plug(checkout)
    (checkout / APP / "mine.txt").write_text("mine")
    done = plug(checkout, "--remove")
    assert "These files are yours and were kept: site/ttsmirror/mine.txt" in done.stdout
    assert git(checkout, "status", "--porcelain", "-uall") == "?? site/ttsmirror/mine.txt\n"
    assert [each.name for each in (checkout / APP).iterdir()] == ["mine.txt"]


def test_check_lists_missing_pieces(checkout: Path) -> None:
    done = plug(checkout, "--check")
    assert done.returncode == 1
    missing = [line for line in done.stdout.splitlines() if line.startswith("MISSING")]
    assert len(missing) == 4
    plug(checkout)
    done = plug(checkout, "--check")
    missing = [line for line in done.stdout.splitlines() if line.startswith("MISSING")]
    assert missing == [f"MISSING  {DATABASE}"]

    server = checkout / "site/hive/mqtt/moxie_server.py"
    server.write_text(server.read_text().replace("def send_telehealth_speech(", "def say("))
    done = plug(checkout, "--check")
    assert done.returncode == 1
    assert "MISSING  MoxieServer.send_telehealth_speech(device_id, speech, mood" in done.stdout


def test_check_warns_about_colliding_settings(checkout: Path) -> None:
    assert "Note" not in plug(checkout, "--check").stdout
    settings = checkout / SETTINGS
    settings.write_text(settings.read_text() + '\nMQTT_PORT = int(os.environ["MQTT_PORT"])\n')
    assert "as in MOXIE_TTS_MQTT_PORT" in plug(checkout, "--check").stdout


def test_check_warns_about_another_mirror(checkout: Path) -> None:
    theirs = checkout / "site/hive/mqtt/mirror.py"
    theirs.write_text('TOPIC = "moxie/tts/text"\n')
    assert "a mirror of its own, in site/hive/mqtt/mirror.py" in plug(checkout, "--check").stdout


def test_settings_may_be_a_package(checkout: Path) -> None:
    package = checkout / "site/openmoxie/settings"
    package.mkdir()
    (checkout / SETTINGS).rename(package / "__init__.py")
    assert plug(checkout).returncode == 0
    assert "ttsmirror" in (package / "__init__.py").read_text()


def test_bad_paths_are_refused_with_advice(checkout: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, words in {
        tmp_path / "nowhere": "is not a folder. Give the one that you cloned OpenMoxie into.",
        STAND_IN / "site" / "manage.py": "is not a folder",
        empty: "is not an OpenMoxie: it lacks site/manage.py",
        ROOT: "is the mirror itself. Give the folder of your OpenMoxie.",
    }.items():
        done = plug(path)
        assert done.returncode == 2, path
        assert done.stderr.startswith("error: ")
        assert words in done.stderr


def test_foreign_folder_named_like_ours_is_kept(checkout: Path) -> None:
    (checkout / APP).mkdir()
    done = plug(checkout)
    assert done.returncode == 2
    assert "script/plug-into did not create it" in done.stderr
    assert list((checkout / APP).iterdir()) == []


@pytest.fixture
def by_hand(checkout: Path) -> Path:
    """Install as docs/plug-in.md describes, by hand; the settings end without a newline."""
    shutil.copytree(ROOT / APP, checkout / APP)
    (added,) = re.findall(r"printf '(.*?)' >>", (ROOT / "docs/plug-in.md").read_text(), re.S)
    settings = checkout / SETTINGS
    settings.write_bytes(settings.read_bytes() + added.replace("\\n", "\n").encode())
    return checkout


def test_copy_by_hand_is_checked_and_updated(by_hand: Path) -> None:
    assert "MISSING  of this version" not in plug(by_hand, "--check").stdout
    assert "there    the mirror in site/openmoxie/settings.py" in plug(by_hand, "--check").stdout
    compile((by_hand / SETTINGS).read_text(), SETTINGS, "exec")
    (by_hand / APP / "instrumentation/openmoxie.py").write_text("old")
    assert "MISSING  of this version" in plug(by_hand, "--check").stdout
    assert "1 files are new or changed" in plug(by_hand).stdout
    assert plug(by_hand).stdout == "Nothing to do: this version is installed.\n"


@pytest.mark.parametrize("is_updated", [True, False])
def test_copy_by_hand_is_removed(by_hand: Path, is_updated: bool) -> None:
    (by_hand / APP / "mine.txt").write_text("mine")
    if is_updated:
        (by_hand / APP / "text.py").write_text("old")
        plug(by_hand)
    assert "Removed. These files are yours and were kept" in plug(by_hand, "--remove").stdout
    assert [each.name for each in (by_hand / APP).iterdir()] == ["mine.txt"]
    assert "plugged_into" not in (by_hand / SETTINGS).read_text()
    (by_hand / APP / "mine.txt").unlink()
    settings = (by_hand / SETTINGS).read_text()
    assert settings.rstrip() == git(by_hand, "show", f"HEAD:{SETTINGS}").rstrip()


def test_lines_by_hand_in_the_middle_are_removed_alone(checkout: Path) -> None:
    shutil.copytree(ROOT / APP, checkout / APP)
    block = (
        "from ttsmirror.plugged_in import plugged_into\n"
        "INSTALLED_APPS, DATABASES, DATABASE_ROUTERS = plugged_into(globals())"
    )
    settings = checkout / SETTINGS
    before = settings.read_text()
    settings.write_text(f"{before}\n{block}\nMORE = 1\n")
    plug(checkout, "--remove")
    assert settings.read_text() == f"{before}\nMORE = 1\n"


def test_removal_deletes_collected_static_files(checkout: Path) -> None:
    plug_as_earlier(checkout)
    collected = checkout / "site/static/ttsmonitor"
    collected.mkdir(parents=True)
    (collected / "moxie.css").touch()
    (collected.parent / "theirs.css").touch()
    assert "collected static files, is deleted" in plug(checkout, "--remove").stdout
    assert [each.name for each in collected.parent.iterdir()] == ["theirs.css"]


def test_script_runs_with_python_as_on_windows(checkout: Path) -> None:
    command = [sys.executable, str(ROOT / "script/plug_into.py"), str(checkout), "--dry-run"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing was changed." in done.stdout


def test_folder_with_manage_py_is_accepted(checkout: Path) -> None:
    assert plug(checkout / "site").returncode == 0
    assert "there    the mirror in site/openmoxie/settings.py" in plug(checkout, "--check").stdout
