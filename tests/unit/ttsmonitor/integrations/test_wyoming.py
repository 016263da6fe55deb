"""The Wyoming server: its voices, account and announcement."""

from __future__ import annotations

import socket

import pytest
from django.contrib.auth.models import User
from wyoming.tts import SynthesizeVoice

from ttsmonitor.groups import make_groups
from ttsmonitor.integrations.wyoming.account import make_token
from ttsmonitor.integrations.wyoming.announcement import announced_address, describe
from ttsmonitor.integrations.wyoming.handler import options_of
from ttsmonitor.integrations.wyoming.speech_client import SpeechClient, SpeechServiceError
from ttsmonitor.models import ApiToken, Scope


@pytest.mark.parametrize(
    ("voice", "options"),
    [
        (None, {}),
        (SynthesizeVoice(), {}),
        (SynthesizeVoice(name="es_ES-x"), {"voice": "es_ES-x"}),
        (SynthesizeVoice(name="x", speaker="3"), {"voice": "x", "speaker": 3}),
        (SynthesizeVoice(name="x", speaker="Ana"), {"voice": "x"}),
        (SynthesizeVoice(language="es_MX"), {"lang": "es-MX"}),
    ],
)
def test_wanted_voice_is_asked_of_the_service(
    voice: SynthesizeVoice | None, options: dict[str, object]
) -> None:
    assert options_of(voice) == options


@pytest.mark.django_db
def test_second_start_replaces_the_token_of_the_first() -> None:
    make_groups()
    first, second = make_token(), make_token()
    assert ApiToken.objects.find(first) is None
    token = ApiToken.objects.find(second)
    assert token is not None
    assert [scope for scope in Scope if token.allows(scope)] == [Scope.READ, Scope.SPEAK]
    user = User.objects.get(username="wyoming")
    assert not user.has_usable_password()
    assert user.has_perm("ttsmonitor.speak")
    assert not user.has_perm("ttsmonitor.admin")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_server_for_this_computer_is_not_announced(host: str) -> None:
    assert announced_address(host) == ""


def test_announcement_has_address_port_and_kind() -> None:
    assert announced_address("192.168.1.9") == "192.168.1.9"
    service = describe(10_200, ["192.168.1.9"])
    assert service.type == "_wyoming._tcp.local."
    assert (service.port, service.parsed_addresses()) == (10_200, ["192.168.1.9"])
    assert service.name.startswith("Moxie ")


async def test_missing_speech_service_is_named() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        client = SpeechClient(f"http://127.0.0.1:{closed.getsockname()[1]}", "token")
        with pytest.raises(SpeechServiceError, match="does not answer"):
            await client.voices()
