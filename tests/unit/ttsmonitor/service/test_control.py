"""Execution of control commands."""

from __future__ import annotations

import uuid
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.utils import timezone

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmirror.wire.control import Control
from ttsmonitor.service.control import ControlExecutor

pytestmark = pytest.mark.django_db


@pytest.fixture
def commands() -> ControlExecutor:
    return ControlExecutor(Mock(performance=None), Mock())


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


def test_interrupt_spares_what_is_received_after_it(
    commands: ControlExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    before = utterance("antes", status="queued", received_at=now - timedelta(seconds=9))
    after = utterance("después", status="queued", received_at=now + timedelta(milliseconds=5))
    late = utterance("reloj cambiado", status="queued", received_at=now + timedelta(hours=1))
    monkeypatch.setattr(timezone, "now", lambda: now)
    commands.execute(Control(action="interrupt"))
    found = {row.pk: row.status for row in Utterance.objects.all()}
    assert found == {before.pk: "interrupted", after.pk: "queued", late.pk: "interrupted"}


def test_loudspeaker_controls_ignore_the_device_id() -> None:
    speaker = Mock()
    commands = ControlExecutor(speaker, Mock())
    for action, value in (("pause", None), ("mute", None), ("volume", 0.3)):
        commands.execute(Control(action=action, device_id="d_other", value=value))
    speaker.pause.assert_called_once_with()
    assert (speaker.controls.is_muted, speaker.controls.volume) == (True, 0.3)
