"""Docker's health check: ask for a page, and end a process that no longer answers.

    health.py VARIABLE PATH     VARIABLE names the environment variable with the port

Docker starts a container again when its process ends, not when it is unhealthy. A process that was
stopped as a whole cannot end itself. One of which a part hangs does (ttsmonitor.system.watchdog).
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import sys
from pathlib import Path

ATTEMPT_SECONDS = 4.0
SILENT_CHECKS = 6
"""Checks in a row without an answer after which the process is ended."""
STATE = Path("/tmp/health")  # noqa: S108  of this container alone, and gone with it
"""Holds how many checks had no answer since the last one that had."""
PROC = Path("/proc")
INITS = {"docker-init", "tini", "catatonit"}
"""First process of a container with `init: true`."""


def main(variable: str, path: str) -> int:
    """Return the exit code: 0 if the page answers, 1 if it does not or reports an error."""
    try:
        status, body = ask(int(os.environ[variable]), path)
    except (OSError, http.client.HTTPException):
        note_silence()
        return 1
    STATE.write_text("0")
    # A 400 also counts as healthy: ALLOWED_HOSTS may not list localhost.
    is_fault = status >= http.client.INTERNAL_SERVER_ERROR
    return int(is_fault and failed_checks(body) != {"audio"})


def ask(port: int, path: str) -> tuple[int, bytes]:
    """Return the status with which the page is answered, and the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ATTEMPT_SECONDS)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def failed_checks(report: bytes) -> set[str]:
    """Return the checks of a report that failed; none if it cannot be read.

    A container has no sound device by itself, and works as soon as a browser listens.
    """
    try:
        return {name for name, check in json.loads(report)["checks"].items() if not check["ok"]}
    except (ValueError, KeyError, TypeError, AttributeError):
        return set()


def note_silence() -> None:
    """Count a check without an answer, and end the process at the last one.

    One that has not answered yet is still starting: an update of a large database takes its time.
    """
    if not STATE.exists():
        return
    silent = int(STATE.read_text() or 0) + 1
    STATE.write_text(str(silent))
    if silent >= SILENT_CHECKS:
        end_service()


def end_service() -> None:
    """Kill what the container's init runs, whereupon the container ends and Docker restarts it."""
    if (PROC / "1" / "comm").read_text().strip() not in INITS:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(1, signal.SIGCONT)
    for process in children_of_init():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal.SIGKILL)


def children_of_init() -> list[int]:
    """Return the processes that the first process of this container has started."""
    found = []
    for stat in PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name before the last parenthesis may have spaces; then come state and parent.
            _state, parent, *_rest = stat.read_text().rpartition(")")[2].split()
            if parent == "1":
                found.append(int(stat.parent.name))
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
