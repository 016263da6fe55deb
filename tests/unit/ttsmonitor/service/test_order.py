"""What becomes of a sentence is told in the order in which it happens."""

from __future__ import annotations

from typing import Any

import pytest

from ttsmirror.models import Utterance
from ttsmonitor.intake.inbox import Stored
from ttsmonitor.service.service import SpeechService

pytestmark = pytest.mark.django_db


def test_it_is_stored_before_anything_else_is_told_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    service, order = SpeechService(), []

    def record(_utterance: Utterance, event: str, **_values: Any) -> None:
        order.append(event)

    monkeypatch.setattr(service._recorder, "record", record)
    monkeypatch.setattr(service._speaker, "wake", lambda: order.append("its turn may come"))
    service._stored([Stored(Utterance(text="Hola"), is_complete=True, became_ready=True)])
    assert order == ["stored", "its turn may come"]
