"""The companion says the time as people do."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from hive.chat.templates import Asked, fill


@pytest.mark.parametrize(
    ("hour", "minute", "lang", "words"),
    [
        (1, 5, "es", "Es la una y cinco."),
        (13, 0, "es", "Es la una."),
        (7, 0, "es", "Son las siete."),
        (0, 30, "es", "Son las doce y media."),
        (12, 30, "es", "Son las doce y media."),
        (21, 15, "es", "Son las nueve y cuarto."),
        (22, 41, "es", "Son las diez y cuarenta y uno."),
        (1, 5, "en", "It is one oh five."),
        (19, 0, "en", "It is seven o'clock."),
        (0, 30, "en", "It is twelve thirty."),
    ],
)
def test_time_agrees_and_is_said_in_words(
    hour: int, minute: int, lang: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.datetime(2026, 3, 4, hour, minute, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    answer = {"es": "Son las {time}.", "en": "It is {time}."}[lang]
    assert fill(answer, Asked(zone="UTC"), lang) == words


def test_own_answer_keeps_its_words_around_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.datetime(2026, 3, 4, 13, 30, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    text = "Mira: son las {time}, {nickname}. Hora: {time}."
    assert (
        fill(text, Asked("Ana", zone="UTC")) == "Mira: es la una y media, Ana. Hora: una y media."
    )


def test_time_is_that_of_the_family(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.datetime(2026, 3, 5, 2, 0, tzinfo=datetime.UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    asked = Asked(zone="America/Bogota")
    assert fill("Son las {time}, {date}.", asked) == "Son las nueve, miércoles 4 de marzo."
