"""Reasons and lines of the activity are shown in the visitor's language, by their codes."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from django.utils import timezone, translation
from django.utils.translation import pgettext

from tests.support.marked_reasons import codes_of, lines_of, reasons_of
from tests.support.tools import ROOT
from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason, reason_of
from ttsmirror.translations import CONTEXT, translate
from ttsmirror.wire.messages import parse_chunk
from ttsmonitor.service.activity import ActivityHandler
from ttsmonitor.web import translations
from ttsmonitor.web.labels import SOURCES
from ttsmonitor.web.translations import MARK, reason_text

APPS = [ROOT / "site" / app for app in ("ttsmirror", "ttsmonitor", "hive")]
ALIKE = {"control: %s %s", "{seconds} s"}
"""The same in both languages."""
RAISING = {"SynthesisError", "VoiceNotFoundError", "AudioError", "InvalidMessageError"}
CHUNK = Reason("chunk {numbers} of {total} did not arrive", numbers="2, 3 …", total=12)

logger = logging.getLogger("ttsmonitor.test")


def test_every_code_has_a_spanish_translation() -> None:
    codes = {code for app in APPS for code in codes_of(app)} - ALIKE
    assert len(codes) > 150
    with translation.override("es"):
        assert {code for code in codes if pgettext(CONTEXT, code) == code} == set()


def test_activity_lines_have_only_values_that_pages_can_fill() -> None:
    lines = {line for app in APPS for line in lines_of(app)}
    assert len(lines) > 40
    assert {line for line in lines if "%" in re.sub("%[sd]", "", line)} == set()


def test_failures_are_raised_with_reasons_only() -> None:
    raised = re.compile(rf"\b({'|'.join(RAISING)})\(\s*f?\"")
    found = {
        str(path)
        for app in APPS
        for path in app.rglob("*.py")
        if path.name != "download.py" and raised.search(path.read_text())  # it is a command's
    }
    assert found == set()
    assert any(reasons_of(app) for app in APPS)


@pytest.mark.parametrize(
    ("reason", "spanish"),
    [
        (CHUNK, "no llegó el fragmento 2, 3 … de 12"),
        (Reason("the rest of the text did not arrive"), "el resto del texto no llegó"),
        (Reason("not done within {seconds} seconds", seconds=0.5), "no terminó en 0,5 segundos"),
        (Reason("not done within {seconds} seconds", seconds=12.0), "no terminó en 12 segundos"),
        (
            Reason("no sound device can be used ({cause})", cause=Reason("it is closed")),
            "no se puede usar ningún dispositivo de sonido (está cerrado)",
        ),
        (
            Reason("no sound device can be used ({cause})", cause="it is closed"),
            "no se puede usar ningún dispositivo de sonido (it is closed)",
        ),
        (
            Reason(
                "{field} is {value}; it has to be {wanted}. Download the"
                " voice again, or correct the file",
                field="inference.length_scale",
                value="nan",
                wanted=Reason("a number from {low} to {high}", low=0.2, high=5),
            ),
            "inference.length_scale es nan; debe ser un número de 0,2 a 5. Descarga la voz otra"
            " vez o corrige el archivo",
        ),
        (Reason("something of another program {x}"), "something of another program {x}"),
        ("it is closed", "está cerrado"),
        ("", ""),
    ],
)
def test_reason_is_translated_with_its_values(reason: str, spanish: str) -> None:
    with translation.override("es"):
        assert translate(reason) == spanish
    with translation.override("en"):
        assert translate(reason) == reason


def test_wire_reader_names_the_field_in_spanish() -> None:
    with pytest.raises(InvalidMessageError) as caught:
        parse_chunk(b'{"text": "Hola", "voice": "a b"}')
    with translation.override("es"):
        assert translate(reason_of(caught.value)) == "voice es 'a b': no es un nombre válido"


@pytest.mark.django_db
def test_reason_survives_the_database() -> None:
    now = timezone.now()
    row = Utterance(text="Hola", source="system", published_at=now, received_at=now)
    row.failure = CHUNK
    row.save()
    stored = Utterance.objects.get()
    assert (stored.error, stored.failure) == (CHUNK, CHUNK)
    assert isinstance(stored.failure, Reason)
    with translation.override("es"):
        assert reason_text(stored, "error") == "no llegó el fragmento 2, 3 … de 12"


@pytest.mark.parametrize(
    ("error", "spanish"),
    [
        ("chunk 2 of 3 did not arrive", "chunk 2 of 3 did not arrive"),
        ("cleared from the queue", "descartada al vaciar la cola"),
    ],
)
def test_old_row_without_reason_is_shown_unchanged(error: str, spanish: str) -> None:
    with translation.override("es"):
        assert reason_text(Utterance(error=error), "error") == spanish
        assert reason_text({"detail": error, "reason": None}, "detail") == spanish
        assert reason_text({}, "detail") == ""


@pytest.fixture
def activity() -> Iterator[ActivityHandler]:
    handler = ActivityHandler()
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_activity_line_is_translated_with_exception_message(activity: ActivityHandler) -> None:
    logger.warning("%s is unavailable: %s", "wav: /tmp", OSError(Reason("it is closed")))
    logger.info("%d utterances deleted", 3)
    logger.info(
        "%s %s (%s): %s",
        Reason("spoken"),
        7,
        Reason("{seconds} s", seconds=2.5),
        "skipped",
    )
    left_out, deleted, spoken = activity.entries()
    assert left_out["text"] == "wav: /tmp is unavailable: it is closed"
    assert spoken["text"] == "spoken 7 (2.5 s): skipped"
    with translation.override("es"):
        assert reason_text(left_out, "text") == "wav: /tmp no está disponible: está cerrado"
        assert reason_text(deleted, "text") == "3 frases borradas"
        assert reason_text(spoken, "text") == "dicha 7 (2,5 s): skipped"  # not what Moxie said
    with translation.override("en"):
        assert reason_text(spoken, "text") == spoken["text"]


def test_scripts_get_codes_in_spanish_and_none_in_english() -> None:
    with translation.override("en"):
        assert translations.for_scripts() == {}
    with translation.override("es"):
        words = translations.for_scripts()
    assert words[f"{MARK}the rest of the text did not arrive"] == "el resto del texto no llegó"
    known = {code for app in APPS for code in codes_of(app)}
    assert {name.removeprefix(MARK) for name in words} == known


def test_scripts_and_pages_know_the_same_sources() -> None:
    script = (ROOT / "site/ttsmonitor/static/ttsmonitor/format.js").read_text()
    known = re.search(r"const SOURCES = \{ __proto__: null, (.*) \};", script)
    assert known and dict(re.findall(r'(\w+): "([^"]+)"', known[1])) == SOURCES
