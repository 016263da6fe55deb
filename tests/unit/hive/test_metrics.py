"""The metrics of the hive."""

from __future__ import annotations

from django.test import Client

from tests.support.metrics import Scrape
from tests.unit.hive.conftest import DEVICE, FakeMirror, SentServer
from ttsmirror.publishing.confirmations import MirrorState


def test_robots_and_outbox_are_read(
    browser: Client, server: SentServer, mirror: FakeMirror
) -> None:
    server.presence.mark_seen(DEVICE)
    server.robots._changes["d_new"] = {}  # it waits for approval
    mirror.state = MirrorState(waiting=3, overdue=2, lost=1, published=9, confirmed=6)
    found = Scrape(browser.get("/metrics").content.decode())
    assert found.value("moxie_robots_online") == 1
    assert found.value("moxie_robots", approval="approved") == 1
    assert found.value("moxie_robots", approval="waiting") == 1
    assert found.value("moxie_outbox_sentences") == 3
    assert found.value("moxie_outbox_overdue_sentences") == 2
    assert found.value("moxie_outbox_published_sentences_total") == 9
    assert found.value("moxie_outbox_confirmed_sentences_total") == 6
    assert found.value("moxie_outbox_lost_sentences_total") == 1
    assert found.value("moxie_mqtt_connected") == 0
    assert found.value("moxie_mqtt_reconnects_total") == 0
    assert found.value("moxie_check_ok", check="mirror") == 0
    assert found.lint() == []
    assert found.promtool() == ""


def test_hive_metrics_are_shut_to_strangers(db: None, server: SentServer) -> None:
    assert Client().get("/metrics").status_code == 401
