"""Programs on other computers reach the broker of Docker with TLS and an account."""

from __future__ import annotations

from pathlib import Path

from tests.integration.test_robot_access import broker_of_docker
from tests.support.brokers import RecordingClient
from tests.support.tools import wait_until


def test_other_computer_needs_account_and_verifies_broker(tmp_path: Path) -> None:
    with broker_of_docker(tmp_path) as ports:
        password = (ports.accounts / "speech").read_text()
        for login in (None, ("unknown", "header.payload.signature"), ("speech", "wrong")):
            stranger = RecordingClient("moxie-stranger", login)
            stranger.connect(ports.account, tls=True)
            assert not stranger.is_let_in, login
            stranger.close()
        speech = RecordingClient("moxie-tts-subscriber", ("speech", password))
        speech.client.tls_set(ca_certs=str(tmp_path / "ca.pem"))
        speech.client.connect("localhost", ports.account)  # fails if the name is not certified
        speech.client.loop_start()
        wait_until(lambda: speech.is_let_in, "the speech service to be let in")
        speech.subscribe(["moxie/#"])
        speech.publish(["moxie/tts/status"], "Hola desde lejos")
        wait_until(lambda: ("moxie/tts/status", b"Hola desde lejos") in speech.heard)
        speech.close()
