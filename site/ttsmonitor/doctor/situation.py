"""What several checks look at, found out once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from ttsmirror.wire.messages import SPEECH_COMPONENT
from ttsmonitor.conf import conf
from ttsmonitor.doctor.broker_visit import BrokerVisit, visit_broker
from ttsmonitor.system.commands import start_command
from ttsmonitor.system.lock import Service, running_process

CONTAINERS = {Service.BROKER: "mqtt", Service.HIVE: "web", Service.SPEECH: "tts"}
"""Names of the services in docker-compose.yml."""


class Situation:
    """The broker and the processes of this installation at one moment."""

    @cached_property
    def visit(self) -> BrokerVisit:
        """What a visit to the broker has shown. It takes some seconds."""
        return visit_broker(conf.MQTT_HOST, conf.broker_port)

    @cached_property
    def processes(self) -> Mapping[Service, str]:
        """The services that run with this work directory, with their process ids."""
        found = {service: running_process(conf.work_dir, service) for service in Service}
        return {service: process for service, process in found.items() if process}

    def restart_command(self, service: Service, *, has_wrong_settings: bool = False) -> str:
        """Return the command line that starts a service again, even one that hangs.

        run_all starts it again by itself, but with the settings that it had.
        """
        command, process = start_command(CONTAINERS[service]), self.processes.get(service)
        if not process or not command.endswith("server"):
            return command  # it does not run here, or Docker or systemd stops it
        parent = self.processes.get(Service.ALL)
        if has_wrong_settings:
            return f"kill {parent or process}; {command}"
        return f"kill -9 {process}" if parent else f"kill -9 {process}; {command}"

    @property
    def is_speech_elsewhere(self) -> bool:
        """True if the speech service at the broker is another computer's."""
        return Service.SPEECH not in self.processes and bool(self.visit.pongs(SPEECH_COMPONENT))
