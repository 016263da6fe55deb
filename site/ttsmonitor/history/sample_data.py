"""Made-up utterances, as a home with some robots would have them after months: for measurements
and for whoever wants to see the pages full."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from ttsmirror.models import Utterance
from ttsmirror.wire.fields import UTC

Status = Utterance.Status

ROBOTS = ("d_sala", "d_cocina", "d_cuarto-de-lucía", "")
SOURCES = {"chat": 70, "puppet_mode": 20, "system": 8, "plug-in": 2}
OUTCOMES = {
    (Status.SPOKEN, ""): 930,
    (Status.INTERRUPTED, "interrupted by whoever speaks for the robot"): 30,
    (Status.SKIPPED, "skipped"): 15,
    (Status.EXPIRED, "too old to be spoken when its turn came"): 15,
    (Status.FAILED, "the voice did nothing for 15 s"): 10,
}
MOODS = ("", "", "happy", "curious", "sad", "neutral")

_OPENINGS = (
    "Hola", "¿Sabías que", "Mira", "Vamos a ver", "Qué alegría", "Cuéntame", "Creo que", "¡Bravo!",
    "Buenas noches", "Espera un momento", "Me pregunto si", "Esta mañana", "Ayer", "A veces",
)  # fmt: skip
_WHO = (
    "el dragón", "la mariposa", "tu hermana", "el capitán", "la luna", "un pingüino", "la abuela",
    "el tiburón", "mi amigo el árbol", "la jirafa", "el señor Núñez", "una estrella", "el camión",
)  # fmt: skip
_DOES = (
    "quiere jugar con", "encontró", "soñó con", "dibujó", "ha perdido", "busca", "canta para",
    "construyó", "tiene miedo de", "comparte la merienda con", "escribió una canción sobre",
)  # fmt: skip
_ENDS = (
    "en el jardín", "después de la lluvia", "antes de dormir", "con mucho cuidado", "en la montaña",
    "al otro lado del río", "y nadie lo sabía", "como en aquel cuento", "durante las vacaciones",
)  # fmt: skip
_SYLLABLES = ("ca", "lo", "mi", "te", "ra", "pe", "no", "da", "bu", "ti", "xo", "lú", "ña", "gui")


def utterances(count: int, days: int, seed: int, until: datetime) -> Iterator[Utterance]:
    """So many, oldest first, of the `days` before `until`; of one seed always the same ones."""
    chance = random.Random(seed)  # noqa: S311  no secret
    for number, moment in enumerate(_moments(chance, count, days, until)):
        if number % 12 == 0:  # somebody else talks, or with another robot
            robot = chance.choice(ROBOTS)
            source = chance.choices([*SOURCES], [*SOURCES.values()])[0]
        yield _utterance(chance, moment, robot, source)


def _moments(chance: random.Random, count: int, days: int, until: datetime) -> Iterator[datetime]:
    """In the waking hours of each day, in talks of a dozen."""
    day = until.astimezone(UTC) - timedelta(days=days)
    left = count
    for number in range(days):
        here = left // (days - number)
        left -= here
        talks = sorted(chance.uniform(0, 14) for _ in range(math.ceil(here / 12)))
        starts = [day + timedelta(days=number, hours=10 + hours) for hours in talks]
        moments = (
            start + timedelta(seconds=8 * place + chance.random())
            for start in starts
            for place in range(12)
        )
        yield from sorted(moments)[:here]


def _utterance(chance: random.Random, moment: datetime, robot: str, source: str) -> Utterance:
    (status, error), text = _outcome(chance), sentence(chance)
    heard = status in (Status.SPOKEN, Status.INTERRUPTED)
    seconds = len(text) / 15 * (1 if status == Status.SPOKEN else chance.random())
    values: dict[str, Any] = {"finished_at": moment + timedelta(seconds=seconds + 0.2)}
    if heard:
        first_ms = chance.lognormvariate(4.2, 0.6)
        values |= {
            "first_audio_ms": round(first_ms, 1),
            "started_at": moment + timedelta(milliseconds=first_ms),
            "audio_seconds": round(seconds, 3),
            "engine": "piper es_ES-davefx-medium",
            "robot_confirmed": chance.choice((True, True, None)) if robot else None,
        }
    return Utterance(
        id=uuid.UUID(int=chance.getrandbits(128), version=4),
        text=text, source=source, device_id=robot, status=status, error=error,
        lang="es", mood=chance.choice(MOODS), intensity=round(chance.random(), 2),
        published_at=moment - timedelta(milliseconds=20), received_at=moment, **values,
    )  # fmt: skip


def _outcome(chance: random.Random) -> tuple[Status, str]:
    return chance.choices([*OUTCOMES], [*OUTCOMES.values()])[0]


def sentence(chance: random.Random) -> str:
    """A sentence, in which now and then a name stands that hardly any other has."""
    said = f"{chance.choice(_OPENINGS)}, {chance.choice(_WHO)} {chance.choice(_DOES)}"
    whom = _name(chance) if chance.random() < 0.2 else chance.choice(_WHO)
    return f"{said} {whom} {chance.choice(_ENDS)}."


def _name(chance: random.Random) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(3, 5))).capitalize()
