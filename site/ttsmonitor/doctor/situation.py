"""What several checks look at, found out once for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from ttsmirror.wire.messages import SPEECH_COMPONENT
from ttsmonitor.conf import conf
from ttsmonitor.doctor.broker_visit import BrokerVisit, visit_broker
from ttsmonitor.system.lock import Service, running_process


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

    @property
    def is_speech_elsewhere(self) -> bool:
        """True if the speech service at the broker is another computer's."""
        return Service.SPEECH not in self.processes and bool(self.visit.pongs(SPEECH_COMPONENT))
