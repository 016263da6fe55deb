"""Confirmations of robots are written into the history, once it has the utterance."""

from __future__ import annotations

import uuid

import pytest
from django.db import OperationalError
from django.utils import timezone

from tests.support.tools import wait_until
from ttsmirror.models import Utterance
from ttsmirror.publishing import robot_marks
from ttsmirror.publishing.robot_marks import RobotMarks


def keep(utterance_id: uuid.UUID) -> Utterance:
    now = timezone.now()
    return Utterance.objects.create(pk=utterance_id, text="Algo", published_at=now, received_at=now)


def mark_of(utterance_id: uuid.UUID) -> bool | None:
    return Utterance.objects.get(pk=utterance_id).robot_confirmed


@pytest.mark.django_db
def test_history_records_confirmed_and_unconfirmed_utterances() -> None:
    said, unsaid, unknown = (keep(uuid.uuid4()).pk for _ in range(3))
    marks = RobotMarks()
    marks.add(said, True)
    marks.add(unsaid, False)
    marks.write()
    assert [mark_of(each) for each in (said, unsaid, unknown)] == [True, False, None]


@pytest.mark.django_db
def test_confirmation_waits_until_utterance_is_in_history() -> None:
    marks, utterance_id = RobotMarks(), uuid.uuid4()
    marks.add(utterance_id, True)
    marks.write()
    keep(utterance_id)
    marks.write()
    assert mark_of(utterance_id) is True


@pytest.mark.django_db
def test_confirmation_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robot_marks, "GIVE_UP_SECONDS", -1.0)
    marks, utterance_id = RobotMarks(), uuid.uuid4()
    marks.add(utterance_id, True)
    marks.write()
    keep(utterance_id)
    marks.write()
    assert mark_of(utterance_id) is None


@pytest.mark.django_db(transaction=True)
def test_marks_wait_for_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robot_marks, "LOOK_SECONDS", 0.01)
    row, marks, failures = keep(uuid.uuid4()), RobotMarks(), list[int]()
    find = Utterance.objects.filter

    def fail(*args: object, **fields: object) -> None:
        failures.append(1)
        raise OperationalError("away")

    monkeypatch.setattr(Utterance.objects, "filter", fail)
    marks.add(row.pk, True)
    marks.start()
    try:
        wait_until(lambda: failures, "a failure")
        monkeypatch.setattr(Utterance.objects, "filter", find)
        wait_until(lambda: mark_of(row.pk), "the mark")
    finally:
        marks.stop()
