"""Publishers that contradict themselves or whose clock is wrong harm nobody."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest

from tests.support.history import wait_for
from tests.support.tools import Listener, wait_until
from ttsmirror.models import Utterance
from ttsmonitor.models import QuarantinedMessage
from ttsmonitor.service.service import SpeechService

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Status = Utterance.Status
TEXT_TOPIC = "moxie/tts/text"


def test_other_text_with_same_id_is_quarantined_and_shown(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    service, sender, utterance_id = make_service("null"), listen(), str(uuid.uuid4())
    for text in ("La primera", "La segunda", "La primera"):
        sender.publish(TEXT_TOPIC, json.dumps({"id": utterance_id, "text": text}))
    sender.publish(TEXT_TOPIC, "La última")
    wait_for("La primera", Status.SPOKEN)
    wait_for("La última", Status.SPOKEN)
    assert Utterance.objects.count() == 2
    refused = QuarantinedMessage.objects.get()
    assert "La segunda" in bytes(refused.payload).decode()
    assert f"utterance {utterance_id} came before with another text" in refused.reason
    wait_until(
        lambda: any("came before with another text" in each["text"] for each in service.activity()),
        "the line in the activity",
    )
