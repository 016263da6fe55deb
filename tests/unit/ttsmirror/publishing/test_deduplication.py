"""Sent texts and robot reports are matched: mirrored once and marked as confirmed."""

from __future__ import annotations

import time
import uuid

import pytest
from django.db import OperationalError

from ttsmirror.models import AwaitedReport
from ttsmirror.publishing import deduplication
from ttsmirror.publishing.deduplication import Deduplicator, RobotReport
from ttsmirror.wire.messages import Chunk

ROBOT = "d_1"
WORDS = "Hola, soy Moxie <break/>hoy"
AS_SAID = "hola, soy Moxie, hoy"


def sent(words: str = WORDS, **fields: str) -> Chunk:
    given = {"source": "chat", "device_id": ROBOT} | fields
    return Chunk(utterance_id=uuid.uuid4(), text=words, **given)  # type: ignore[arg-type]


def words(news: Chunk | None) -> str:
    return "" if news is None else news.text


def test_on_board_content_is_mirrored_as_system() -> None:
    news = Deduplicator().match_report(RobotReport(ROBOT, "Había una vez"))
    assert news is not None
    assert (news.text, news.source, news.device_id) == ("Había una vez", "system", ROBOT)


def test_robot_report_matching_sent_text_is_not_mirrored() -> None:
    kept = Deduplicator()
    kept.note(sent())
    assert kept.match_report(RobotReport(ROBOT, AS_SAID)) is None
    assert words(kept.match_report(RobotReport("d_2", AS_SAID))) == AS_SAID
    assert words(kept.match_report(RobotReport(ROBOT, "Otra cosa"))) == "Otra cosa"


def test_reworded_answer_is_recognised_by_event_id() -> None:
    kept = Deduplicator()
    kept.note(sent(event_id="e1"))
    assert kept.match_report(RobotReport(ROBOT, "Otras palabras", "e1")) is None
    assert words(kept.match_report(RobotReport(ROBOT, "Otras palabras", "e2"))) == "Otras palabras"


def test_own_content_reports_are_never_mirrored() -> None:
    assert Deduplicator().match_report(RobotReport(ROBOT, "Algo", is_ours=True)) is None


def test_immediate_repetition_by_the_robot_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Deduplicator()
    assert kept.match_report(RobotReport(ROBOT, "Algo")) is not None
    assert kept.match_report(RobotReport(ROBOT, "Algo")) is None
    monkeypatch.setattr(deduplication, "REPEAT_SECONDS", 0.0)
    assert kept.match_report(RobotReport(ROBOT, "Más")) is not None
    assert kept.match_report(RobotReport(ROBOT, "Más")) is not None


@pytest.mark.parametrize("line", ["animation: wave", "silent: nada", "   ", "", "🎵"])
def test_report_without_speech_is_not_mirrored(line: str) -> None:
    assert Deduplicator().match_report(RobotReport(ROBOT, line)) is None


def test_report_of_text_sent_long_ago_is_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deduplication, "SENT_SECONDS", -1_000.0)
    kept = Deduplicator()
    kept.note(sent())
    assert words(kept.match_report(RobotReport(ROBOT, AS_SAID))) == AS_SAID


def test_report_confirms_one_utterance_and_silence_none(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[uuid.UUID, bool]] = []
    kept = Deduplicator(lambda *what: told.append(what))
    said, twice, unsaid, elsewhere = (
        sent(),
        sent(),
        sent("Nunca dicho"),
        sent("A un altavoz", device_id=""),
    )
    for each in (said, twice, unsaid, elsewhere):
        kept.note(each)
    kept.match_report(RobotReport(ROBOT, AS_SAID))
    kept.settle()
    assert told == [(said.utterance_id, True)]
    later = time.monotonic() + 500
    monkeypatch.setattr("ttsmirror.publishing.deduplication.time.monotonic", lambda: later)
    kept.settle()
    assert told[1:] == [(twice.utterance_id, False), (unsaid.utterance_id, False)]


def test_listener_gets_confirmation_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[uuid.UUID, bool]] = []
    kept, first, second = Deduplicator(lambda *what: told.append(what)), sent(), sent()
    kept.note(first)
    kept.match_report(RobotReport(ROBOT, AS_SAID))
    assert told == [(first.utterance_id, True)]
    kept.note(second)
    monkeypatch.setattr(deduplication, "SPOKEN_CHARACTERS_PER_SECOND", 1.0)
    later = time.monotonic() + 1_000
    monkeypatch.setattr(time, "monotonic", lambda: later)
    kept.settle()
    assert told[1:] == [(second.utterance_id, False)]


@pytest.mark.django_db
def test_report_after_a_restart_matches_what_was_sent_before() -> None:
    before = Deduplicator()
    by_words, by_event = sent(), sent("Otra frase", event_id="e1")
    for each in (by_words, by_event):
        before.note(each)
    before.save()

    told: list[tuple[uuid.UUID, bool]] = []
    after = Deduplicator(lambda *what: told.append(what))
    after.save()
    assert after.match_report(RobotReport(ROBOT, AS_SAID)) is None
    assert after.match_report(RobotReport(ROBOT, "Otras palabras", "e1")) is None
    assert told == [(by_words.utterance_id, True), (by_event.utterance_id, True)]
    after.save()
    assert not AwaitedReport.objects.exists()


@pytest.mark.django_db
def test_reported_utterance_is_not_awaited_after_a_restart() -> None:
    before = Deduplicator()
    for words_of_two in ("Uno", "Dos"):
        before.note(sent(words_of_two))
    before.match_report(RobotReport(ROBOT, "Uno"))
    before.save()
    before.match_report(RobotReport(ROBOT, "Dos"))
    before.save()
    after = Deduplicator()
    after.save()
    assert words(after.match_report(RobotReport(ROBOT, "Uno"))) == "Uno"
    assert words(after.match_report(RobotReport(ROBOT, "Dos"))) == "Dos"


@pytest.mark.django_db
def test_inherited_utterance_is_never_called_unconfirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Deduplicator()
    before.note(sent())
    before.save()
    told: list[tuple[uuid.UUID, bool]] = []
    other = Deduplicator(lambda *what: told.append(what))
    other.save()
    later = time.monotonic() + 1_000
    monkeypatch.setattr(time, "monotonic", lambda: later)
    other.settle()
    other.save()
    assert told == []
    assert not AwaitedReport.objects.exists()


@pytest.mark.django_db
def test_awaited_reports_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deduplication, "KEPT", 3)
    kept = Deduplicator()
    for number in range(5):
        kept.note(sent(f"Frase {number}"))
        kept.save()
    assert AwaitedReport.objects.count() == 3


@pytest.mark.django_db
def test_unwritten_awaited_reports_are_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Deduplicator()
    kept.save()
    kept.note(sent())
    with monkeypatch.context() as away:
        away.setattr(AwaitedReport.objects, "bulk_create", fail)
        with pytest.raises(OperationalError):
            kept.save()
    kept.save()
    assert AwaitedReport.objects.count() == 1


def fail(*_: object, **__: object) -> None:
    raise OperationalError("database is locked")
