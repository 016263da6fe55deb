"""Run the hive: the robot link, the mirror and the pages."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ttsmirror.exceptions import MoxieTTSError
from ttsmonitor.conf import conf
from ttsmonitor.system.lock import Service, only_one


class Command(BaseCommand):
    help = "Serve robots and the hive's pages: dashboard, Puppet Mode, admin."

    def handle(self, *args: Any, **options: Any) -> None:
        from hive.process.server import HiveServer  # only here: it brings the web server along

        try:
            # First of all: its start marks every robot offline.
            with only_one(conf.work_dir, Service.HIVE):
                HiveServer(on_ready=self.say_ready).run()
        except MoxieTTSError as exc:
            raise CommandError(str(exc)) from exc

    def say_ready(self, url: str) -> None:
        self.stdout.write(f"hive ready at {url}")
        self.stdout.flush()
