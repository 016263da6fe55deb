"""Copy the mirror's package into the checkout of an OpenMoxie, and remove it again.

script/plug-into runs this. It needs nothing but Python 3.10.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "site" / "ttsmirror"
sys.path.insert(0, str(SOURCE.parent))

from ttsmirror.instrumentation.patch_targets import (  # noqa: E402  found by the line above
    PATCH_TARGETS,
    PatchTarget,
)
from ttsmirror.plugged_in import APP, EARLIER_APP, FILE, KEPT, NOTE  # noqa: E402

BLOCK = (
    "# The Moxie TTS mirror, added by script/plug-into: what Moxie says is spoken aloud too.",
    f"from {APP}.plugged_in import plugged_into",
    "INSTALLED_APPS, DATABASES, DATABASE_ROUTERS = plugged_into(globals())",
)
"""Lines at the end of the settings."""
EARLIER_BLOCKS = (
    (BLOCK[0], f"from {EARLIER_APP}.plugged_in import plugged_into", BLOCK[2]),
    (BLOCK[0], f'INSTALLED_APPS = [*INSTALLED_APPS, "{EARLIER_APP}"]'),
)
"""The lines that earlier versions added."""
BY_HAND = BLOCK[1:]
"""The lines that docs/plug-in.md has people add by hand."""
COLLECTED = "moxie.css"
"""A static file by which a folder of collectstatic with files of an earlier version is known."""
TABLES = {"ttsmonitor_utterance", "ttsmonitor_outboxentry"}
TOPIC = b"moxie/tts/text"
OTHERS_NAMES = re.compile(r"\b(?<!MOXIE_TTS_)(MQTT_(?:HOST|PORT|TLS|TOPIC|USERNAME|PASSWORD))\b")


class PlugError(Exception):
    """Explains to the user what is wrong and what to do about it."""


class Copy:
    """A copy of the package in a checkout, with a record of what was done."""

    def __init__(self, folder: Path) -> None:
        """Describe the copy in `folder`, which need not exist."""
        self.folder = folder
        self.backup = folder / KEPT / "settings.py"
        """The settings as they were before."""
        self._state_file = folder / KEPT / "state.json"

    @property
    def state(self) -> dict[str, Any]:
        """Return what this script did here; empty if it did nothing."""
        if not self._state_file.is_file():
            return self._state_of_copy_by_hand()
        state: dict[str, Any] = json.loads(self._state_file.read_text(encoding="utf-8"))
        return state

    def _state_of_copy_by_hand(self) -> dict[str, Any]:
        """Return the state as if this script had copied the package's files; empty if none did."""
        if self.folder.name != APP or not (self.folder / "plugged_in/__init__.py").is_file():
            return {}
        names = {*package_files(), *package_files(".po")}
        files = {name: self.folder / name for name in sorted(names)}
        known = {name: digest(file.read_bytes()) for name, file in files.items() if file.is_file()}
        return {"files": known}

    def save(self, state: dict[str, Any]) -> None:
        """Record what was done."""
        self._state_file.write_text(json.dumps(state, indent=1), encoding="utf-8")

    @property
    def database(self) -> Path | None:
        """Return the mirror's own database, or None if it was not created yet."""
        note = self.folder / NOTE
        return Path(note.read_text(encoding="utf-8")) if note.is_file() else None

    def foreign_files(self) -> list[str]:
        """Return the files that this script did not write, or that were changed since."""
        files = self.state.get("files", {})
        return [
            name
            for path in sorted(self.folder.rglob("*"))
            if (path.is_file() or path.is_symlink())
            and path.suffix != ".pyc"
            and not (name := path.relative_to(self.folder).as_posix()).startswith(f"{KEPT}/")
            and (path.is_symlink() or files.get(name) != digest(path.read_bytes()))
        ]

    def delete(self) -> None:
        """Delete the copy but for foreign files."""
        kept = {self.folder / name for name in self.foreign_files()}
        for path in sorted(self.folder.rglob("*"), reverse=True):  # files before their folder
            if path in kept:
                continue
            if not path.is_dir():
                path.unlink()
            elif not any(path.iterdir()):
                path.rmdir()
        if not kept:
            self.folder.rmdir()


class Checkout:
    """An OpenMoxie on disk."""

    def __init__(self, path: Path) -> None:
        """Find the parts of the OpenMoxie in `path`. Raises PlugError if it is none."""
        self.site = self._find_site(path)
        self.settings = self._find_settings()
        self.copy = Copy(self.site / APP)
        self.earlier = Copy(self.site / EARLIER_APP)
        """The folder that an earlier version of this script added."""

    @staticmethod
    def _find_site(path: Path) -> Path:
        path = path.expanduser().resolve()
        if not path.is_dir():
            raise PlugError(f"{path} is not a folder. Give the one that you cloned OpenMoxie into.")
        if path in (ROOT, SOURCE.parent):
            raise PlugError(f"{path} is the mirror itself. Give the folder of your OpenMoxie.")
        for site in (path / "site", path):
            if (site / "manage.py").is_file() and (site / "hive/mqtt/moxie_server.py").is_file():
                return site
        raise PlugError(
            f"{path} is not an OpenMoxie: it lacks site/manage.py or"
            " site/hive/mqtt/moxie_server.py. Give the folder that you cloned OpenMoxie into."
        )

    def _find_settings(self) -> Path:
        manage = (self.site / "manage.py").read_text(encoding="utf-8")
        found = re.search(r"""DJANGO_SETTINGS_MODULE["'],\s*["']([\w.]+)["']""", manage)
        module = self.site.joinpath(*(found[1] if found else "openmoxie.settings").split("."))
        for file in (module.with_suffix(".py"), module / "__init__.py"):
            if file.is_file():
                return file
        raise PlugError(
            f"{module.with_suffix('.py')} does not exist, so the settings were not found."
            " Install the mirror by hand: docs/plug-in.md says how."
        )

    @property
    def is_installed(self) -> bool:
        """Return True if the settings have the mirror added to them."""
        line = rf"^\s*(?:{re.escape(BLOCK[1])}\b)"
        return bool(re.search(line, self.settings.read_text(encoding="utf-8"), re.M))

    @property
    def original_settings(self) -> bytes:
        """Return the settings without our lines.

        They are the user's to the byte, unless somebody changed them meanwhile.
        """
        settings = self.settings.read_bytes()
        for copy in (self.copy, self.earlier):
            if copy.state.get("after") == digest(settings) and copy.backup.is_file():
                return copy.backup.read_bytes()
        return without_block(settings)

    def collected(self) -> list[Path]:
        """Return the folders with static files that collectstatic copied out of our package."""
        found = [file.parent for file in self.site.parent.rglob(f"{EARLIER_APP}/{COLLECTED}")]
        sources = (self.copy.folder, self.earlier.folder)
        return [each for each in found if not any(each.is_relative_to(one) for one in sources)]

    def shown(self, path: Path) -> str:
        """Return `path` as the user knows it: from the checkout's root."""
        return str(path.relative_to(self.site.parent))


def package_files(suffix: str = "") -> dict[str, bytes]:
    """Return the package's files by their paths in it, those with `suffix` if one is given.

    Without one, the sources of translations are left out, because Django does not need them.
    """
    return {
        path.relative_to(SOURCE).as_posix(): path.read_bytes()
        for path in sorted(SOURCE.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and (path.suffix == suffix if suffix else path.suffix != ".po")
    }


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content`."""
    return hashlib.sha256(content).hexdigest()


def with_block(settings: bytes) -> bytes:
    """Return the settings with our lines at their end, in the line endings they have."""
    newline = b"\r\n" if b"\r\n" in settings else b"\n"
    before = b"" if settings.endswith(newline) else newline
    lines = newline.join([b"", *(line.encode() for line in BLOCK), b""])
    return settings + before + lines


def without_block(settings: bytes) -> bytes:
    """Return the settings without our lines and those of earlier versions."""
    newline = b"\r\n" if b"\r\n" in settings else b"\n"
    for block in (BLOCK, *EARLIER_BLOCKS, BY_HAND):
        lines = re.escape(newline.join(line.encode() for line in block))
        # With the blank line before them, if there is one.
        settings = re.sub(rb"(?:(?<=\n)\r?\n)?" + lines + rb"(?:\r?\n|\Z)", b"", settings)
    return settings


def plug(checkout: Checkout, *, is_dry: bool) -> int:
    """Copy new and changed files, remove an earlier version, and add our lines to the settings."""
    files, copy, earlier = package_files(), checkout.copy, checkout.earlier
    state = copy.state
    if copy.folder.exists() and not state:
        raise PlugError(
            f"{copy.folder} exists, and script/plug-into did not create it."
            " Delete it first, or continue by hand as docs/plug-in.md says."
        )
    changed = [
        name
        for name, content in files.items()
        if not (file := copy.folder / name).is_file() or file.read_bytes() != content
    ]
    obsolete = [name for name in state.get("files", {}) if name not in files]
    before, original = checkout.settings.read_bytes(), checkout.original_settings
    after = before if checkout.is_installed else with_block(original)
    if not changed and not obsolete and before == after and not earlier.state:
        say("Nothing to do: this version is installed.")
        return 0
    if changed:
        say(f"{checkout.shown(copy.folder)}/: {len(changed)} files are new or changed")
    if obsolete:
        say(f"{checkout.shown(copy.folder)}/: deletes {', '.join(obsolete)}")
    foreign = _show_deletion(checkout, earlier)
    _show_settings(checkout, before, after)
    if is_dry:
        say("Nothing was changed.")
        return 0
    (copy.folder / KEPT).mkdir(parents=True, exist_ok=True)
    if before != after:
        copy.backup.touch(mode=0o600)  # settings may hold keys
        copy.backup.chmod(0o600)
        copy.backup.write_bytes(original)
        state |= {"before": digest(original), "after": digest(after)}
    for name in obsolete:
        (copy.folder / name).unlink(missing_ok=True)
    for name in changed:
        (copy.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (copy.folder / name).write_bytes(files[name])
    copy.save(state | {"files": {name: digest(content) for name, content in files.items()}})
    checkout.settings.write_bytes(after)
    if earlier.state:
        earlier.delete()
    say(f"Done. {checkout.shown(copy.backup)} has the settings as they were.{_kept(foreign)}")
    say("Now run this with OpenMoxie's Python, and start OpenMoxie again:")
    say(f"    python3 {checkout.shown(checkout.site / 'manage.py')} migrate")
    _hints(checkout)
    return 0


def remove(checkout: Checkout, *, is_dry: bool) -> int:
    """Restore the settings and delete the package, an earlier version's too. Keep the history."""
    copies = [each for each in (checkout.copy, checkout.earlier) if each.state]
    settings, original = checkout.settings.read_bytes(), checkout.original_settings
    if not copies and original == settings:
        say("Nothing to do: the mirror is not installed.")
        return 0
    database = next((each.database for each in copies if each.database), None)
    is_in_theirs = copies == [checkout.earlier] and database is None
    foreign = [name for each in copies for name in _show_deletion(checkout, each)]
    for folder in checkout.collected():
        say(f"{checkout.shown(folder)}/, collected static files, is deleted")
    _show_settings(checkout, settings, original)
    if is_dry:
        say("Nothing was changed.")
        return 0
    checkout.settings.write_bytes(original)
    for each in copies:
        each.delete()
    for folder in checkout.collected():
        shutil.rmtree(folder)
    say(f"Removed.{_kept(foreign)}")
    if is_in_theirs:
        say("The history stays in OpenMoxie's database; docs/plug-in.md says how to delete it.")
    else:
        say(f"The history stays in {database or FILE}. Delete that file to delete it too.")
    return 0


def _show_deletion(checkout: Checkout, copy: Copy) -> list[str]:
    """Say that the copy is deleted, if there is one. Return the foreign files in it."""
    if not copy.state:
        return []
    foreign = [checkout.shown(copy.folder / name) for name in copy.foreign_files()]
    version = ", an earlier version," if copy is checkout.earlier else ""
    but = f" but for files of yours: {', '.join(foreign)}" if foreign else ""
    say(f"{checkout.shown(copy.folder)}/{version} is deleted{but}")
    return foreign


def _show_settings(checkout: Checkout, before: bytes, after: bytes) -> None:
    name = checkout.shown(checkout.settings)
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (before, after))
    for line in difflib.unified_diff(old, new, name, name, n=1, lineterm=""):
        say(line)


def _kept(foreign: Sequence[str]) -> str:
    return f" These files are yours and were kept: {', '.join(foreign)}" if foreign else ""


def check(checkout: Checkout) -> int:
    """Say what is there and what is missing. Return 1 if something is missing or out of date."""
    files, copy = package_files(), checkout.copy
    there = [
        name
        for name, content in files.items()
        if (file := copy.folder / name).is_file() and file.read_bytes() == content
    ]
    oks = [
        _verdict(bool(there), f"the package in {checkout.shown(copy.folder)}/"),
        _verdict(len(there) == len(files), f"of this version ({len(there)} of {len(files)} files)"),
        _verdict(checkout.is_installed, f"the mirror in {checkout.shown(checkout.settings)}"),
        _check_database(copy),
        *(_verdict(_is_there(checkout, point), str(point)) for point in PATCH_TARGETS),
        *(_verdict(_is_required(checkout, name), f"{name} is required") for name in LIBRARIES),
        _check_earlier(checkout),
    ]
    _hints(checkout)
    return 0 if all(oks) else 1


def _check_earlier(checkout: Checkout) -> bool:
    """Return True if no earlier version is installed."""
    folder = checkout.earlier.folder
    if checkout.earlier.state:
        say(f"EARLIER  version in {checkout.shown(folder)}/: run script/plug-into again")
    elif (folder / "apps.py").is_file():
        say(f"EARLIER  version in {checkout.shown(folder)}/, copied by hand: delete it")
    else:
        return True
    return False


def _check_database(copy: Copy) -> bool:
    path = copy.database
    if path is None or not path.is_file():
        return _verdict(False, f"its database {path or FILE}: python3 site/manage.py migrate")
    wanted = TABLES | {Path(name).stem for name in package_files() if "migrations/0" in name}
    query = "SELECT name FROM sqlite_master UNION SELECT name FROM django_migrations WHERE app = ?"
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            names = {name for (name,) in connection.execute(query, [APP])}
    except sqlite3.Error as exc:
        return _verdict(False, f"its tables in {path}: {exc}")
    return _verdict(names >= wanted, f"its tables in {path}, of this version")


LIBRARIES = ("paho-mqtt", "Django")


def _verdict(is_ok: bool, what: str) -> bool:
    say(f"{'there  ' if is_ok else 'MISSING'}  {what}")
    return is_ok


def _is_required(checkout: Checkout, name: str) -> bool:
    # Some forks declare their requirements in several files.
    pattern = re.compile(rf"^\W*{name}\b", re.I | re.M)
    folder = checkout.site.parent
    files = [
        *folder.glob("*requirements*.txt"),
        *checkout.site.glob("*requirements*.txt"),
        *folder.glob("pyproject.toml"),
    ]
    return any(pattern.search(file.read_text(encoding="utf-8")) for file in files)


def _is_there(checkout: Checkout, point: PatchTarget) -> bool:
    file = checkout.site.joinpath(*point.module.split(".")).with_suffix(".py")
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError):
        return False
    return any(
        isinstance(method, ast.FunctionDef)
        and method.name == point.name
        and tuple(each.arg for each in method.args.args[1 : len(point.parameters) + 1])
        == point.parameters
        for owner in tree.body
        if isinstance(owner, ast.ClassDef) and owner.name == point.owner
        for method in owner.body
    )


def _hints(checkout: Checkout) -> None:
    """Point out what only the user can decide."""
    package = checkout.settings.parent
    files = package.glob("*.py") if package.name == "settings" else [checkout.settings]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    if names := sorted(set(OTHERS_NAMES.findall(text))):
        say(f"Note: this OpenMoxie has settings of its own named {', '.join(names)}. Name the")
        say(f"mirror's broker with MOXIE_TTS_ before them, as in MOXIE_TTS_{names[0]}.")
    hive = sorted((checkout.site / "hive").rglob("*.py"))
    if others := [checkout.shown(each) for each in hive if TOPIC in each.read_bytes()]:
        say(f"Note: this OpenMoxie has a mirror of its own, in {others[0]}. Give this one another")
        say("broker, with MOXIE_TTS_MQTT_PORT, or everything is spoken twice.")


def say(words: str) -> None:
    """Print a line for the user."""
    print(words)  # noqa: T201


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="script/plug-into", description="Add the mirror to an OpenMoxie, or remove it."
    )
    parser.add_argument("path", type=Path, help="the folder that you cloned OpenMoxie into")
    actions = parser.add_mutually_exclusive_group()
    actions.add_argument("--check", action="store_true", help="say what is there, what is missing")
    actions.add_argument("--remove", action="store_true", help="undo it")
    parser.add_argument("--dry-run", action="store_true", help="only show what would change")
    args = parser.parse_args(arguments)
    try:
        checkout = Checkout(args.path)
        if args.check:
            return check(checkout)
        return (remove if args.remove else plug)(checkout, is_dry=args.dry_run)
    except PlugError as exc:
        print(f"error: {exc}", file=sys.stderr)  # noqa: T201
    except PermissionError as exc:
        words = f"{exc.filename} cannot be written: use the account that OpenMoxie belongs to."
        print(f"error: {words}", file=sys.stderr)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
