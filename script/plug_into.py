"""script/plug-into: the mirror's app into the checkout of an OpenMoxie, and out again.

Needs nothing but Python 3.10.
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
from collections.abc import Iterator, Sequence
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
OLD_BLOCK = (BLOCK[0], f'INSTALLED_APPS = [*INSTALLED_APPS, "{EARLIER_APP}"]')
"""What earlier versions added."""
TABLES = {"ttsmonitor_utterance", "ttsmonitor_outboxentry"}
TOPIC = b"moxie/tts/text"
OTHERS_NAMES = re.compile(r"\b(?<!MOXIE_TTS_)(MQTT_(?:HOST|PORT|TLS|TOPIC|USERNAME|PASSWORD))\b")


class PlugError(Exception):
    """Says what is wrong and what to do."""


class Checkout:
    """An OpenMoxie on disk."""

    def __init__(self, path: Path) -> None:
        self.site = self._find_site(path)
        self.app = self.site / APP
        self.settings = self._find_settings()
        self._state_file = self.app / KEPT / "state.json"
        self.backup = self.app / KEPT / "settings.py"

    @staticmethod
    def _find_site(path: Path) -> Path:
        path = path.expanduser().resolve()
        if not path.is_dir():
            raise PlugError(f"{path} is no folder. Give the one that you cloned OpenMoxie into.")
        if path in (ROOT, SOURCE.parent):
            raise PlugError(f"{path} is the mirror itself. Give the folder of your OpenMoxie.")
        for site in (path / "site", path):
            if (site / "manage.py").is_file() and (site / "hive/mqtt/moxie_server.py").is_file():
                return site
        raise PlugError(
            f"{path} is no OpenMoxie: it has no site/manage.py with"
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
            f'{module.with_suffix(".py")} is not there. Add "{APP}" to INSTALLED_APPS by hand:'
            " docs/plug-in.md says how."
        )

    @property
    def state(self) -> dict[str, Any]:
        """What an earlier run did; empty where there was none."""
        if not self._state_file.is_file():
            return {}
        state: dict[str, Any] = json.loads(self._state_file.read_text(encoding="utf-8"))
        return state

    def save(self, state: dict[str, Any]) -> None:
        self._state_file.write_text(json.dumps(state, indent=1), encoding="utf-8")

    @property
    def is_installed(self) -> bool:
        """Return True if the settings have the mirror added to them."""
        line = rf"^\s*(?:{re.escape(BLOCK[1])}\b)"
        return bool(re.search(line, self.settings.read_text(encoding="utf-8"), re.M))

    @property
    def original_settings(self) -> bytes:
        """The settings without our lines: to the byte, unless somebody changed them meanwhile."""
        settings = self.settings.read_bytes()
        is_untouched = self.state.get("after") == digest(settings) and self.backup.is_file()
        return self.backup.read_bytes() if is_untouched else without_block(settings)

    @property
    def database(self) -> Path | None:
        """The mirror's own database; None if it was not made yet."""
        note = self.app / NOTE
        return Path(note.read_text(encoding="utf-8")) if note.is_file() else None

    def shown(self, path: Path) -> str:
        return str(path.relative_to(self.site.parent))


def app_files() -> dict[str, bytes]:
    """What is copied, by its path in the app's folder."""
    return {
        path.relative_to(SOURCE).as_posix(): path.read_bytes()
        for path in sorted(SOURCE.rglob("*"))
        if path.is_file() and path.suffix not in (".pyc", ".po")
    }


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def with_block(settings: bytes) -> bytes:
    """The settings with our lines at their end, in their own kind of line."""
    newline = b"\r\n" if b"\r\n" in settings else b"\n"
    before = b"" if settings.endswith(newline) else newline
    lines = newline.join([b"", *(line.encode() for line in BLOCK), b""])
    return settings + before + lines


def without_block(settings: bytes) -> bytes:
    """Return the settings without our lines, or those of an earlier version."""
    newline = b"\r\n" if b"\r\n" in settings else b"\n"
    for block in (BLOCK, OLD_BLOCK):
        lines = newline.join(line.encode() for line in block) + newline
        settings = settings.replace(newline + lines, b"").replace(lines, b"")
    return settings


def plug(checkout: Checkout, *, is_dry: bool) -> int:
    """Copy the files that are new or changed, and add the mirror to the settings."""
    files, state = app_files(), checkout.state
    if checkout.app.exists() and not state:
        raise PlugError(
            f"{checkout.app} is there, and was not put there by script/plug-into."
            " Remove it first, or go on by hand: docs/plug-in.md says how."
        )
    changed = [
        name
        for name, content in files.items()
        if not (file := checkout.app / name).is_file() or file.read_bytes() != content
    ]
    gone = [name for name in state.get("files", {}) if name not in files]
    before, original = checkout.settings.read_bytes(), checkout.original_settings
    after = before if checkout.is_installed else with_block(original)
    if not changed and not gone and before == after:
        say("Nothing to do: everything is there.")
        return 0
    _show(checkout, changed, gone, before, after)
    if is_dry:
        say("Nothing was changed.")
        return 0
    (checkout.app / KEPT).mkdir(parents=True, exist_ok=True)
    if before != after:
        checkout.backup.write_bytes(original)
        state |= {"before": digest(original), "after": digest(after)}
    for name in gone:
        (checkout.app / name).unlink(missing_ok=True)
    for name in changed:
        (checkout.app / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout.app / name).write_bytes(files[name])
    checkout.save(state | {"files": {name: digest(content) for name, content in files.items()}})
    checkout.settings.write_bytes(after)
    say(f"Done; {checkout.shown(checkout.backup)} has the settings as they were. Now, with")
    say(f"OpenMoxie's Python:   python3 {checkout.shown(checkout.site / 'manage.py')} migrate")
    say("and start OpenMoxie again.")
    _hints(checkout)
    return 0


def _show(
    checkout: Checkout, changed: Sequence[str], gone: Sequence[str], before: bytes, after: bytes
) -> None:
    if changed:
        say(f"{checkout.shown(checkout.app)}/: {len(changed)} files are new or newer")
    if gone:
        say(f"{checkout.shown(checkout.app)}/: {len(gone)} files go: {', '.join(gone)}")
    name = checkout.shown(checkout.settings)
    old, new = (text.decode("utf-8", "replace").splitlines() for text in (before, after))
    for line in difflib.unified_diff(old, new, name, name, n=1, lineterm=""):
        say(line)


def remove(checkout: Checkout, *, is_dry: bool) -> int:
    """Restore the settings and delete the app's files. The history stays."""
    state, settings = checkout.state, checkout.settings.read_bytes()
    before, database = checkout.original_settings, checkout.database
    foreign = sorted(_foreign(checkout, state))
    if not state and before == settings:
        say("Nothing to do: nothing of it is there.")
        return 0
    _show(checkout, [], [], settings, before)
    if state:
        say(f"{checkout.shown(checkout.app)}/ goes" + (", but for yours" if foreign else ""))
    if is_dry:
        say("Nothing was changed.")
        return 0
    checkout.settings.write_bytes(before)
    if not foreign and state:
        shutil.rmtree(checkout.app)
    elif state:
        for name in [*state["files"], f"{KEPT}/state.json", f"{KEPT}/settings.py", NOTE]:
            if name not in foreign:
                (checkout.app / name).unlink(missing_ok=True)
    say("Removed." + (f" These are yours, so they stay: {', '.join(foreign)}" if foreign else ""))
    say(f"The history stays in {database or FILE}. Delete that file to delete it too.")
    return 0


def _foreign(checkout: Checkout, state: dict[str, Any]) -> Iterator[str]:
    """What is in the app's folder that is not as it was put there."""
    for path in checkout.app.rglob("*") if state else ():
        name = path.relative_to(checkout.app).as_posix()
        if not path.is_file() or path.suffix == ".pyc" or name.startswith(f"{KEPT}/"):
            continue
        if state["files"].get(name) != digest(path.read_bytes()):
            yield name


def check(checkout: Checkout) -> int:
    """Say what is there and what is missing; 1 where something is."""
    files = app_files()
    there = [
        name
        for name, content in files.items()
        if (file := checkout.app / name).is_file() and file.read_bytes() == content
    ]
    oks = [
        _verdict(bool(there), f"the app in {checkout.shown(checkout.app)}/"),
        _verdict(len(there) == len(files), f"of this version ({len(there)} of {len(files)} files)"),
        _verdict(checkout.is_installed, f"the mirror in {checkout.shown(checkout.settings)}"),
        _check_database(checkout),
        *(_verdict(_is_there(checkout, point), str(point)) for point in PATCH_TARGETS),
        *(_verdict(_is_required(checkout, name), f"{name} is required") for name in LIBRARIES),
    ]
    _hints(checkout)
    return 0 if all(oks) else 1


def _check_database(checkout: Checkout) -> bool:
    path = checkout.database
    if path is None or not path.is_file():
        return _verdict(False, f"its database {path or FILE}: python3 site/manage.py migrate")
    wanted = TABLES | {Path(each).stem for each in app_files() if each.startswith("migrations/0")}
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
    # One file says it all, or several do: what is not declared anywhere is missing.
    pattern = re.compile(rf"^\W*{name}\b", re.I | re.M)
    folder = checkout.site.parent
    files = [*folder.glob("*requirements*.txt"), *checkout.site.glob("*requirements*.txt"),
             *folder.glob("pyproject.toml")]  # fmt: skip
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
    """What a machine cannot decide."""
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
    print(words)  # noqa: T201  for whoever typed the command


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="script/plug-into", description="Add the mirror to an OpenMoxie, or remove it."
    )
    parser.add_argument("path", type=Path, help="the folder that you cloned OpenMoxie into")
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--check", action="store_true", help="say what is there, what is missing")
    ways.add_argument("--remove", action="store_true", help="undo it")
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
