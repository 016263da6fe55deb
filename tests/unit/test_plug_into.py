"""script/plug-into: shows what it does, does it once, says what is missing, and undoes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.openmoxie import (
    STAND_IN,
    cloned,
    git,
    plug,
    plug_as_earlier,
)
from tests.support.tools import ROOT

SETTINGS = "site/openmoxie/settings.py"
DATABASE = "its database moxie_tts.sqlite3: python3 site/manage.py migrate"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return cloned(tmp_path)


def test_it_shows_what_it_changes_and_keeps_what_was_there(checkout: Path) -> None:
    before = (checkout / SETTINGS).read_bytes()
    done = plug(checkout)

    assert (done.returncode, done.stderr) == (0, "")
    assert "files are new or newer" in done.stdout
    line = "INSTALLED_APPS, DATABASES, DATABASE_ROUTERS = plugged_into(globals())"
    assert f"+{line}" in done.stdout
    assert "manage.py migrate" in done.stdout
    assert (checkout / "site/ttsmonitor/.plugged-in/settings.py").read_bytes() == before
    assert (checkout / SETTINGS).read_bytes().startswith(before)
    assert (checkout / "site/ttsmonitor/locale/es/LC_MESSAGES/django.mo").is_file()
    left_out = ("templates", "management", "synthesis", "audio", "static/ttsmonitor/vendor")
    assert not [each for each in left_out if (checkout / "site/ttsmonitor" / each).exists()]


def test_twice_is_as_good_as_once(checkout: Path) -> None:
    plug(checkout)
    once = (checkout / SETTINGS).read_bytes()
    assert plug(checkout).stdout == "Nothing to do: everything is there.\n"
    assert (checkout / SETTINGS).read_bytes() == once


def test_an_older_app_is_brought_up_to_date(checkout: Path) -> None:
    plug(checkout)
    (checkout / "site/ttsmonitor/publishing/plugin.py").write_text("old")
    assert "1 files are new or newer" in plug(checkout).stdout
    assert "def instrument" in (checkout / "site/ttsmonitor/publishing/plugin.py").read_text()
    plug(checkout, "--remove")
    assert git(checkout, "status", "--porcelain") == ""


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("more", [b"", b"MORE = 1\n"])
def test_lines_of_an_earlier_version_are_replaced(
    checkout: Path, newline: bytes, more: bytes
) -> None:
    settings, more = checkout / SETTINGS, more.replace(b"\n", newline)
    settings.write_bytes((settings.read_bytes() + b"\n").replace(b"\n", newline))
    original = plug_as_earlier(checkout, newline)
    settings.write_bytes(settings.read_bytes() + more)

    assert plug(checkout).returncode == 0
    text = settings.read_bytes()
    assert text.startswith(original + more)
    assert text.endswith(b"= plugged_into(globals())" + newline)
    assert text.count(b"ttsmonitor") == 1
    plug(checkout, "--remove")
    assert settings.read_bytes() == original + more
    assert not (checkout / "site/ttsmonitor").exists()


def test_lines_of_an_earlier_version_are_removed(checkout: Path) -> None:
    plug_as_earlier(checkout)
    plug(checkout, "--remove")
    assert git(checkout, "status", "--porcelain") == ""


@pytest.mark.parametrize("option", ["--dry-run", "--check"])
def test_looking_changes_nothing(checkout: Path, option: str) -> None:
    plug(checkout, option)
    assert git(checkout, "status", "--porcelain") == ""


def test_removed_it_is_as_it_was(checkout: Path) -> None:
    plug(checkout)
    done = plug(checkout, "--remove")
    assert done.returncode == 0
    assert "Removed." in done.stdout
    assert git(checkout, "status", "--porcelain") == ""
    assert not (checkout / "site/ttsmonitor").exists()
    assert plug(checkout, "--remove").stdout == "Nothing to do: nothing of it is there.\n"


def test_settings_that_were_changed_meanwhile_keep_their_changes(checkout: Path) -> None:
    plug(checkout)
    settings = checkout / SETTINGS
    settings.write_text(
        settings.read_text().replace("USE_TZ = True", "USE_TZ = False") + "MORE=1\n"
    )
    plug(checkout, "--remove")
    text = settings.read_text()
    assert "USE_TZ = False" in text
    assert "MORE=1" in text
    assert "ttsmonitor" not in text
    assert "mirror" not in text


def test_lines_of_windows_stay_so(checkout: Path) -> None:
    settings = checkout / SETTINGS
    settings.write_bytes(settings.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    before = settings.read_bytes()
    plug(checkout)
    assert settings.read_bytes().count(b"\n") == settings.read_bytes().count(b"\r\n")
    plug(checkout, "--remove")
    assert settings.read_bytes() == before


def test_what_somebody_put_into_the_app_stays(checkout: Path) -> None:
    plug(checkout)
    (checkout / "site/ttsmonitor/mine.txt").write_text("mine")
    done = plug(checkout, "--remove")
    assert "These are yours, so they stay: mine.txt" in done.stdout
    assert git(checkout, "status", "--porcelain", "-uall") == "?? site/ttsmonitor/mine.txt\n"


def test_check_says_what_is_there_and_what_is_missing(checkout: Path) -> None:
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


def test_settings_of_theirs_with_our_names_are_pointed_out(checkout: Path) -> None:
    assert "Note" not in plug(checkout, "--check").stdout
    settings = checkout / SETTINGS
    settings.write_text(settings.read_text() + '\nMQTT_PORT = int(os.environ["MQTT_PORT"])\n')
    assert "as in MOXIE_TTS_MQTT_PORT" in plug(checkout, "--check").stdout


def test_a_mirror_of_theirs_is_pointed_out(checkout: Path) -> None:
    theirs = checkout / "site/hive/mqtt/mirror.py"
    theirs.write_text('TOPIC = "moxie/tts/text"\n')
    assert "a mirror of its own, in site/hive/mqtt/mirror.py" in plug(checkout, "--check").stdout


def test_settings_may_be_a_package(checkout: Path) -> None:
    package = checkout / "site/openmoxie/settings"
    package.mkdir()
    (checkout / SETTINGS).rename(package / "__init__.py")
    assert plug(checkout).returncode == 0
    assert "ttsmonitor" in (package / "__init__.py").read_text()


def test_bad_paths_are_answered_with_what_to_do(checkout: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for path, words in {
        tmp_path / "nowhere": "is no folder. Give the one that you cloned OpenMoxie into.",
        STAND_IN / "site" / "manage.py": "is no folder",
        empty: "is no OpenMoxie: it has no site/manage.py",
        ROOT: "is the mirror itself. Give the folder of your OpenMoxie.",
    }.items():
        done = plug(path)
        assert done.returncode == 2, path
        assert done.stderr.startswith("error: ")
        assert words in done.stderr
    (checkout / "site/ttsmonitor").mkdir()
    done = plug(checkout)
    assert done.returncode == 2
    assert "was not put there by script/plug-into" in done.stderr


def test_the_folder_with_manage_py_will_do_too(checkout: Path) -> None:
    assert plug(checkout / "site").returncode == 0
    assert "there    the mirror in site/openmoxie/settings.py" in plug(checkout, "--check").stdout
