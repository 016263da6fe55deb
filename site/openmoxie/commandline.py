"""The command line. A mistake in the settings is one line, not a traceback."""

from __future__ import annotations

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

from ttsmonitor.system.orphans import end_with_supervisor
from ttsmonitor.system.private_files import UMASK


def main(arguments: list[str]) -> None:
    """Run a management command; `arguments` begin with the name of the program."""
    os.umask(UMASK)
    end_with_supervisor()
    try:
        execute_from_command_line(arguments)
    except ImproperlyConfigured as exc:
        sys.exit(f"error: {exc}")
    except OperationalError as exc:
        sys.exit(f"error: the database cannot be used, see DATABASE_URL and MOXIE_WORK_DIR: {exc}")
