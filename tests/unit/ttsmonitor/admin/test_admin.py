"""The speech service in Django's admin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client

from tests.support.web_fakes import utterance
from ttsmirror.models import OutboxEntry, Utterance, UtteranceChunk
from ttsmonitor.admin.service import readable
from ttsmonitor.models import ApiToken, QuarantinedMessage

LIST = "/admin/ttsmirror/utterance/"


@pytest.fixture
def keeper(visitor: Client) -> Client:
    visitor.force_login(User.objects.create_superuser("keeper"))
    return visitor


def texts(client: Client, query: dict[str, str]) -> set[str]:
    """Return the texts in the history list."""
    response = client.get(LIST, query)
    assert response.status_code == 200
    return {row.text for row in response.context["cl"].result_list}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({}, {"Hola", "Adiós", "Nada"}),
        ({"q": "ADIO"}, {"Adiós"}),
        ({"status__exact": "failed"}, {"Nada"}),
        ({"source": "chat"}, {"Adiós"}),
        ({"device_id": "moxie-1"}, {"Hola"}),
        ({"lang": "en"}, {"Nada"}),
        ({"received_at__year": "2001"}, set()),
    ],
)
def test_list_is_searched_and_filtered(
    keeper: Client, query: dict[str, str], shown: set[str]
) -> None:
    utterance("Hola", device_id="moxie-1", lang="es")
    utterance("Adiós", source="chat", lang="es")
    utterance("Nada", status="failed", lang="en")
    assert texts(keeper, query) == shown


def test_list_offers_filters_and_dates(keeper: Client) -> None:
    utterance("Hola")
    page = keeper.get(LIST)
    names = [spec.title for spec in page.context["cl"].filter_specs]
    assert names[:2] == ["status", "source"]
    assert page.context["cl"].date_hierarchy == "received_at"


def test_list_takes_few_queries(
    keeper: Client, statistics_in_memory: None, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        utterance(f"row {number}", device_id="moxie-1", lang="es")
    with django_assert_max_num_queries(12):
        keeper.get(LIST)


def test_utterance_and_chunks_are_shown_escaped(keeper: Client) -> None:
    said = utterance("<b>uno</b> dos", error="cleared from the queue", status="skipped")
    for number, text in enumerate(["<b>uno</b> ", "dos"], start=1):
        UtteranceChunk.objects.create(utterance=said, number=number, text=text)
    page = keeper.get(f"{LIST}{said.pk}/change/").content.decode()
    assert "&lt;b&gt;uno&lt;/b&gt; dos" in page
    assert "<b>uno" not in page
    assert "cleared from the queue" in page
    assert page.count("field-place") == 2


def test_labels_are_in_the_visitors_language(keeper: Client) -> None:
    said = utterance("Hola", source="puppet_mode", mood="shy")
    UtteranceChunk.objects.create(utterance=said, number=1, text="Hola")
    spanish = {"accept-language": "es"}

    detail = keeper.get(f"{LIST}{said.pk}/change/", headers=spanish).content.decode()
    assert "tímido" in detail
    assert "Número" in detail
    filters = keeper.get(LIST, headers=spanish).context["cl"].filter_specs
    (source,) = (spec for spec in filters if spec.title == "origen")
    changelist = keeper.get(LIST, headers=spanish).context["cl"]
    displayed = [choice["display"] for choice in source.choices(changelist)]
    assert displayed == ["Todo", "Modo marioneta"]


def test_history_cannot_be_changed(keeper: Client) -> None:
    said = utterance("Hola")
    assert keeper.get(f"{LIST}add/").status_code == 403
    assert keeper.post(f"{LIST}{said.pk}/change/", {"text": "Mentira"}).status_code == 403
    assert Utterance.objects.get().text == "Hola"
    assert b'name="_save"' not in keeper.get(f"{LIST}{said.pk}/change/").content


def can_delete(client: Client, row: Model) -> bool:
    """Delete a row as a superuser, and return True if it is gone."""
    url = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"
    action = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
    client.post(url, action)
    client.post(f"{url}{row.pk}/delete/", {"post": "yes"})
    return not type(row)._default_manager.filter(pk=row.pk).exists()


def test_outbox_entry_cannot_be_deleted(keeper: Client) -> None:
    assert not can_delete(keeper, OutboxEntry.objects.create(payload={"text": "en camino"}))


def test_only_finished_utterance_can_be_deleted(keeper: Client) -> None:
    said = utterance("Hola")
    UtteranceChunk.objects.create(utterance=said, number=1, text="Hola")
    assert can_delete(keeper, said)
    assert not UtteranceChunk.objects.exists()
    assert not can_delete(keeper, utterance("espera", status="queued"))


def test_quarantined_message_can_be_deleted(keeper: Client) -> None:
    kept = QuarantinedMessage.objects.create(topic="moxie/tts/text", payload=b"", reason="bad")
    assert can_delete(keeper, kept)


def test_quarantined_bytes_are_shown_escaped(keeper: Client) -> None:
    payload = b'\xff\x00<script>alert(1)</script>\x1b[31m "\xc3\xb1"'
    kept = QuarantinedMessage.objects.create(topic="moxie/tts/text", payload=payload, reason="bad")
    assert keeper.get("/admin/ttsmonitor/quarantinedmessage/").status_code == 200
    page = keeper.get(f"/admin/ttsmonitor/quarantinedmessage/{kept.pk}/change/").content.decode()
    assert "\\xff\\x00&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m &quot;ñ&quot;" in page
    assert "\x1b" not in page


def test_long_payload_is_truncated() -> None:
    assert len(readable(b"a" * 60_000)) < 5_000
    assert readable("línea 1\n\u202e2".encode()) == "línea 1\n\\u202e2"


def test_outbox_is_listed_and_read_only(keeper: Client) -> None:
    OutboxEntry.objects.create(payload={"text": "en camino"})
    OutboxEntry.objects.create(payload=["odd"])
    assert "en camino" in keeper.get("/admin/ttsmirror/outboxentry/").content.decode()
    assert keeper.get("/admin/ttsmirror/outboxentry/add/").status_code == 403


def test_token_can_be_revoked_but_not_shown(keeper: Client) -> None:
    ApiToken.issue(User.objects.get(), "kitchen")
    made = ApiToken.objects.get()
    url = f"/admin/ttsmonitor/apitoken/{made.pk}/"
    assert keeper.get("/admin/ttsmonitor/apitoken/add/").status_code == 403
    assert made.digest not in keeper.get(f"{url}change/").content.decode()
    spanish = keeper.get("/admin/ttsmonitor/apitoken/", headers={"accept-language": "es"})
    assert ">Usuario<" in re.sub(r"\s", "", spanish.content.decode())
    keeper.post(f"{url}delete/", {"post": "yes"})
    assert not ApiToken.objects.exists()


def test_list_shows_robot_confirmations(keeper: Client) -> None:
    utterance("Dicho", robot_confirmed=True)
    utterance("Callado", robot_confirmed=False)
    page = keeper.get(LIST).content.decode()
    assert page.count('field-by_robot">not confirmed by the robot<') == 1
    assert page.count('field-by_robot">confirmed by the robot<') == 1
