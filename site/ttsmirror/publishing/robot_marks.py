"""Write into the history which utterances their robots confirmed.

The history's database may be slow or away, so this has a thread of its own: publishing and the
answers to robots never wait for it. Marks wait in memory meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid

from django.db import DatabaseError, InterfaceError

from ttsmirror.database import tend_connections, with_connections
from ttsmirror.models import Utterance

logger = logging.getLogger(__name__)

KEPT = 1_000
LOOK_SECONDS = 2.0
GIVE_UP_SECONDS = 600.0
"""Until then the history may get an utterance that it has not got yet."""
STOP_SECONDS = 1.0


class RobotMarks:
    """A thread that sets `robot_confirmed`. add() may be called from any thread."""

    def __init__(self) -> None:
        self._marks: dict[uuid.UUID, tuple[bool, float]] = {}
        self._changing = threading.Lock()
        self._working = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=with_connections(self._run), name="ttsmirror.marks", daemon=True
        )

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Write once more and end the thread; a database that is away does not hold it up."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def add(self, utterance_id: uuid.UUID, is_confirmed: bool) -> None:
        """Have an utterance marked once the history has it. Return at once."""
        with self._changing:
            self._marks[utterance_id] = is_confirmed, time.monotonic() + GIVE_UP_SECONDS
            while len(self._marks) > KEPT:
                del self._marks[next(iter(self._marks))]

    def hold(self, timeout_seconds: float) -> bool:
        """Keep the thread away from the database until release(); False where it stays busy."""
        return self._working.acquire(timeout=timeout_seconds)

    def release(self) -> None:
        """Let the thread go on after hold()."""
        self._working.release()

    def write(self) -> None:
        """Mark those that are in the history. Raises what the database raises."""
        with self._changing:
            marks = dict(self._marks)
        if not marks:
            return
        found = set(Utterance.objects.filter(pk__in=marks).values_list("pk", flat=True))
        for is_confirmed in (True, False):
            marked = [each for each in found if marks[each][0] == is_confirmed]
            if marked:
                Utterance.objects.filter(pk__in=marked).update(robot_confirmed=is_confirmed)
        now = time.monotonic()
        with self._changing:
            for each, mark in marks.items():
                if (each in found or mark[1] <= now) and self._marks.get(each) == mark:
                    del self._marks[each]

    def _run(self) -> None:
        is_last = False
        while not is_last:
            is_last = self._stopping.wait(LOOK_SECONDS)
            with self._working:
                tend_connections()
                try:
                    self.write()
                except (DatabaseError, InterfaceError) as exc:
                    logger.debug("robots' confirmations wait for the history: %s", exc)
                except Exception:
                    logger.exception("robots' confirmations could not be written")
                finally:
                    tend_connections()
