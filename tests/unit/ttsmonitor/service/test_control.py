"""Execution of control commands."""

from __future__ import annotations

import uuid
from unittest.mock import Mock

import pytest

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmirror.wire.control import Control
from ttsmonitor.service.control import ControlExecutor

pytestmark = pytest.mark.django_db


@pytest.fixture
def commands() -> ControlExecutor:
    return ControlExecutor(Mock(), Mock())


@pytest.mark.parametrize("action", ["move", "remove"])
def test_move_and_remove_fail_for_finished_utterance(
    commands: ControlExecutor, action: str
) -> None:
    waiting, said = utterance("waiting", status="queued"), utterance("said")
    assert not commands.execute(Control(action=action, utterance_id=said.pk))
    assert commands.execute(Control(action=action, utterance_id=waiting.pk))


def test_replay_fails_for_deleted_utterance(commands: ControlExecutor) -> None:
    assert not commands.execute(Control(action="replay", utterance_id=uuid.uuid4()))
    assert commands.execute(Control(action="replay", utterance_id=utterance("otra vez").pk))
    assert Utterance.objects.filter(status="queued").get().text == "otra vez"


def test_control_without_utterance_always_succeeds(commands: ControlExecutor) -> None:
    assert commands.execute(Control(action="skip"))


def test_loudspeaker_controls_ignore_the_device_id() -> None:
    speaker = Mock()
    commands = ControlExecutor(speaker, Mock())
    for action, value in (("pause", None), ("mute", None), ("volume", 0.3)):
        commands.execute(Control(action=action, device_id="d_other", value=value))
    speaker.pause.assert_called_once_with()
    assert (speaker.controls.is_muted, speaker.controls.volume) == (True, 0.3)
