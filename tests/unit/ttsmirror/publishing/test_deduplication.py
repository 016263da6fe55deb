"""What a robot was sent and what it says that it said: mirrored once, and marked."""

from __future__ import annotations

import time
import uuid

import pytest
from django.utils import timezone

from ttsmirror.models import Utterance
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


def keep(utterance: Chunk) -> Utterance:
    now = timezone.now()
    return Utterance.objects.create(
        pk=utterance.utterance_id, text=utterance.text, published_at=now, received_at=now
    )


def test_on_board_content_is_news_as_system() -> None:
    news = Deduplicator().hear(RobotReport(ROBOT, "Había una vez"))
    assert news is not None
    assert (news.text, news.source, news.device_id) == ("Había una vez", "system", ROBOT)


def test_what_was_sent_is_no_news_however_it_is_written() -> None:
    kept = Deduplicator()
    kept.note(sent())
    assert kept.hear(RobotReport(ROBOT, AS_SAID)) is None
    assert words(kept.hear(RobotReport("d_2", AS_SAID))) == AS_SAID
    assert words(kept.hear(RobotReport(ROBOT, "Otra cosa"))) == "Otra cosa"


def test_an_answer_is_known_by_its_request_whatever_the_robot_made_of_it() -> None:
    kept = Deduplicator()
    kept.note(sent(event_id="e1"))
    assert kept.hear(RobotReport(ROBOT, "Otras palabras", "e1")) is None
    assert words(kept.hear(RobotReport(ROBOT, "Otras palabras", "e2"))) == "Otras palabras"


def test_content_from_here_is_never_news() -> None:
    assert Deduplicator().hear(RobotReport(ROBOT, "Algo", is_ours=True)) is None


def test_a_robot_that_repeats_itself_at_once_is_heard_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Deduplicator()
    assert kept.hear(RobotReport(ROBOT, "Algo")) is not None
    assert kept.hear(RobotReport(ROBOT, "Algo")) is None
    monkeypatch.setattr(deduplication, "REPEAT_SECONDS", 0.0)
    assert kept.hear(RobotReport(ROBOT, "Más")) is not None
    assert kept.hear(RobotReport(ROBOT, "Más")) is not None


@pytest.mark.parametrize("line", ["animation: wave", "silent: nada", "   ", "", "🎵"])
def test_what_is_no_speech_is_not_mirrored(line: str) -> None:
    assert Deduplicator().hear(RobotReport(ROBOT, line)) is None


def test_what_was_sent_long_ago_is_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deduplication, "SENT_SECONDS", -1_000.0)
    kept = Deduplicator()
    kept.note(sent())
    assert words(kept.hear(RobotReport(ROBOT, AS_SAID))) == AS_SAID


@pytest.mark.django_db
def test_the_history_says_what_the_robot_confirmed_and_what_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deduplication, "LOOK_SECONDS", 0.0)
    said, twice, unsaid, elsewhere = (
        sent(),
        sent(),
        sent("Nunca dicho"),
        sent("A un altavoz", device_id=""),
    )
    rows = {each: keep(each) for each in (said, twice, unsaid, elsewhere)}
    kept = Deduplicator()
    for each in rows:
        kept.note(each)
    kept.hear(RobotReport(ROBOT, AS_SAID))
    kept.settle()

    def marks() -> list[bool | None]:
        return [Utterance.objects.get(pk=each.pk).robot_confirmed for each in rows.values()]

    assert marks() == [True, None, None, None]
    later = time.monotonic() + 500
    monkeypatch.setattr("ttsmirror.publishing.deduplication.time.monotonic", lambda: later)
    kept.settle()
    assert marks() == [True, False, False, None]


@pytest.mark.django_db
def test_a_mark_waits_for_its_utterance_to_come_into_the_history(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(deduplication, "LOOK_SECONDS", 0.0)
    kept = Deduplicator()
    news = kept.hear(RobotReport(ROBOT, "Algo"))
    assert news is not None
    kept.settle()
    row = keep(news)
    kept.settle()
    row.refresh_from_db()
    assert row.robot_confirmed is True


def test_whoever_wants_to_know_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[uuid.UUID, bool]] = []
    kept, first, second = Deduplicator(lambda *what: told.append(what)), sent(), sent()
    kept.note(first)
    kept.hear(RobotReport(ROBOT, AS_SAID))
    assert told == [(first.utterance_id, True)]
    kept.note(second)
    monkeypatch.setattr(deduplication, "SPOKEN_CHARACTERS_PER_SECOND", 1.0)
    later = time.monotonic() + 1_000
    monkeypatch.setattr(time, "monotonic", lambda: later)
    monkeypatch.setattr(kept, "_write", lambda now: None)
    kept.settle()
    assert told[1:] == [(second.utterance_id, False)]
