"""A backup every night, of which the newest few are kept."""

from __future__ import annotations

import json
import logging
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.utils import timezone

from ttsmirror.exceptions import AlreadyRunningError
from ttsmirror.heartbeat import beat
from ttsmirror.reasons import Reason, reason_of
from ttsmirror.service_thread import TURN_SECONDS, ServiceThread
from ttsmonitor.backup.making import ASIDE, make_backup
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import BackupError
from ttsmonitor.system.lock import Service, only_one
from ttsmonitor.system.private_files import write_private

logger = logging.getLogger(__name__)

HOUR = 3
"""Hour of the night, by the computer's clock."""
START_SECONDS = 300.0
"""A computer that is off at night makes its backup so long after its start."""
LOOK_SECONDS = 60.0
RETRY_SECONDS = 3600.0
"""Pause after a backup that failed."""
PATTERN = "moxie-????????-??????.zip"
_NAME = "moxie-%Y%m%d-%H%M%S.zip"
_FAILURE = "failure.json"


@dataclass(frozen=True)
class Made:
    """A nightly backup."""

    path: Path
    made_at: datetime
    size_bytes: int


def backup_dir() -> Path:
    """Return the directory of nightly backups."""
    return conf.path("MOXIE_BACKUP_DIR")


def backups() -> list[Made]:
    """Return the nightly backups, oldest first."""
    found = []
    for path in backup_dir().glob(PATTERN):
        # It may be deleted at this moment, or be somebody's file with such a name.
        with suppress(OSError, ValueError):
            made_at = timezone.make_aware(datetime.strptime(path.name, _NAME))
            found.append(Made(path, made_at, path.stat().st_size))
    return sorted(found, key=lambda made: made.made_at)


def last_failure() -> Reason | None:
    """Return why the last nightly backup failed; None if it did not."""
    try:
        return Reason.from_json(json.loads((backup_dir() / _FAILURE).read_text()))
    except (OSError, ValueError):
        return None


def is_due(now: datetime) -> bool:
    """Return True if no backup was made since the hour of the night."""
    local = timezone.localtime(now)
    due_at = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    if due_at > local:
        due_at -= timedelta(days=1)
    # One from the future was made while the clock was wrong.
    return not any(due_at <= made.made_at <= local + timedelta(hours=1) for made in backups())


def prune(keep: int) -> None:
    """Delete all but the newest backups. Raises OSError."""
    for made in backups()[:-keep]:
        made.path.unlink()


class NightlyBackup(ServiceThread):
    """A thread that makes the nightly backup.

    Hive and speech service both have one; where they share a work directory, the first makes it.
    """

    def __init__(self) -> None:
        """Prepare the thread."""
        super().__init__("ttsmonitor.backup")
        self._next_look = time.monotonic() + START_SECONDS

    def work(self) -> None:
        """Make a backup if it is time."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + LOOK_SECONDS
            if conf.MOXIE_BACKUPS and is_due(timezone.now()):
                self._make()
        self.stopping.wait(min(TURN_SECONDS, LOOK_SECONDS))

    def _make(self) -> None:
        directory = backup_dir()
        try:
            with only_one(conf.work_dir, Service.BACKUP):
                for left in directory.glob(f"{ASIDE}*"):  # by a process that was killed
                    shutil.rmtree(left, ignore_errors=True)
                target = directory / timezone.localtime().strftime(_NAME)
                manifest = make_backup(target, pulse=self._pulse)
                prune(conf.MOXIE_BACKUPS)
                (directory / _FAILURE).unlink(missing_ok=True)
        except AlreadyRunningError:
            return
        except (BackupError, OSError) as exc:
            if self.stopping.is_set():
                return
            self._next_look = time.monotonic() + RETRY_SECONDS
            logger.error("backup failed: %s", reason_of(exc))
            with suppress(OSError):  # the disk may be full
                write_private(directory / _FAILURE, json.dumps(reason_of(exc).as_json()).encode())
            return
        logger.info("backup of %d sentences made: %s", manifest.utterances, target)

    def _pulse(self) -> None:
        beat()
        if self.stopping.is_set():
            raise BackupError(Reason("the service stops"))
