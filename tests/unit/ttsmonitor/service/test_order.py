"""Events of an utterance are reported in order."""

from __future__ import annotations

import pytest

from ttsmirror.models import Utterance
from ttsmonitor.intake.inbox import Stored
from ttsmonitor.service.service import SpeechService

pytestmark = pytest.mark.django_db


def test_stored_event_precedes_waking_the_speaker(monkeypatch: pytest.MonkeyPatch) -> None:
    service, order = SpeechService(), []

    def tell(_utterance: Utterance, event: str) -> None:
        order.append(event)

    monkeypatch.setattr(service._recorder, "tell", tell)
    monkeypatch.setattr(service._speaker, "wake", lambda: order.append("its turn may come"))
    service._stored([Stored(Utterance(text="Hola"), is_complete=True, became_ready=True)])
    assert order == ["stored", "its turn may come"]
