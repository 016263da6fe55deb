"""Look at the chain from the robot's server to the loudspeaker, link by link."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from ttsmonitor.doctor import output, traffic
from ttsmonitor.doctor.registry import run_checks
from ttsmonitor.system.private_files import write_private
from ttsmonitor.system.terminal import printable
from ttsmonitor.system.terminal_command import TerminalCommand

STANDARD_OUTPUT = Path("-")


class Command(TerminalCommand):
    """The command tts_doctor. It exits with 1 if there is a fault."""

    help = "Check broker, services, voice, sound and files, and say what mends each fault."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print the results as JSON")
        parser.add_argument(
            "--listen", action="store_true", help="print each message at the broker until Ctrl-C"
        )
        parser.add_argument(
            "--mend",
            action="store_true",
            help="delete retained messages where none belongs, unmute and resume",
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE",
            help="write the results for a bug report, without secrets and without what was said;"
            " - prints them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the checks and print what they have found."""
        if options["listen"]:
            traffic.listen(self._show_message)
            return
        results = run_checks()
        if options["mend"] and (count := traffic.mend(results)):
            self.stderr.write(_("Messages sent that mend something: {count}.").format(count=count))
            results = run_checks()
        if options["report"] == STANDARD_OUTPUT:
            self.stdout.write(output.bug_report(results))
            return
        if options["report"]:
            self._write(options["report"], output.bug_report(results))
        if options["json"]:
            self.stdout.write(
                json.dumps(output.results_json(results), ensure_ascii=False, indent=2)
            )
        else:
            self.stdout.write("\n".join(output.as_lines(results)))
        if not output.is_well(results):
            sys.exit(1)

    def _show_message(self, topic: str, payload: str) -> None:
        self.stdout.write(f"{printable(topic)} {printable(payload)}")
        self.stdout.flush()

    def _write(self, path: Path, text: str) -> None:
        try:
            write_private(path, text.encode())
        except OSError as exc:
            words = _("{path} cannot be written: {cause}")
            raise CommandError(words.format(path=path, cause=exc.strerror)) from exc
