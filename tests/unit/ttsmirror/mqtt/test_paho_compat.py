"""Both versions of paho report alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ttsmirror.mqtt import paho_compat
from ttsmirror.mqtt.paho_compat import listen, make_client


class OldClient:
    """A client of paho 1.6, without a callback version and with the old callbacks."""

    def __init__(self, client_id: str, clean_session: bool) -> None:
        self.given = client_id, clean_session
        self.on_connect: Callable[..., None]
        self.on_disconnect: Callable[..., None]
        self.on_subscribe: Callable[..., None]


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paho_compat, "is_old", lambda: True)
    monkeypatch.setattr(paho_compat, "Client", OldClient)


def test_old_paho_callbacks_report_like_new_ones(old: None) -> None:
    client: Any = make_client("x", clean_session=True, manual_ack=False)
    assert client.given == ("x", True)
    told: list[Any] = []
    listen(
        client,
        connected=lambda client, reason, kept: told.append((reason.is_failure, str(reason), kept)),
        disconnected=lambda reason: told.append((reason.is_failure, str(reason))),
        subscribed=lambda mid, reasons: told.append((mid, [each.is_failure for each in reasons])),
    )
    client.on_connect(client, None, {"session present": 1}, 0)
    client.on_connect(client, None, {}, 5)
    client.on_disconnect(client, None, 7)
    client.on_subscribe(client, None, 3, (0, 1, 128))
    assert [each[0] for each in told] == [False, True, True, 3]
    assert [each[2] for each in told[:2]] == [True, False]
    assert "not authorised" in told[1][1].lower()
    assert told[3] == (3, [False, False, True])


def test_installed_paho_is_the_new_version() -> None:
    assert not paho_compat.is_old()
    make_client("x", clean_session=False, manual_ack=True)
