"""Generated utterances, as a home with some robots would have after months."""

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
    (Status.INTERRUPTED, "interrupted by a person"): 30,
    (Status.SKIPPED, "skipped"): 15,
    (Status.EXPIRED, "too old to be spoken when its turn came"): 15,
    (Status.FAILED, "the voice did nothing for 15 s"): 10,
}
CONVERSATION = 12
"""Sentences of a conversation, all of one robot and source."""
MOODS = ("", "", "happy", "curious", "sad", "neutral")

_OPENINGS = (
    "Hola|¿Sabías que|Mira|Vamos a ver|Qué alegría|Cuéntame|Creo que|¡Bravo!|Buenas noches|"
    "Espera un momento|Me pregunto si|Esta mañana|Ayer|A veces"
).split("|")
_WHO = (
    "el dragón|la mariposa|tu hermana|el capitán|la luna|un pingüino|la abuela|el tiburón|"
    "mi amigo el árbol|la jirafa|el señor Núñez|una estrella|el camión"
).split("|")
_DOES = (
    "quiere jugar con|encontró|soñó con|dibujó|ha perdido|busca|canta para|construyó|"
    "tiene miedo de|comparte la merienda con|escribió una canción sobre"
).split("|")
_ENDS = (
    "en el jardín|después de la lluvia|antes de dormir|con mucho cuidado|en la montaña|"
    "al otro lado del río|y nadie lo sabía|como en aquel cuento|durante las vacaciones"
).split("|")
_SYLLABLES = ("ca", "lo", "mi", "te", "ra", "pe", "no", "da", "bu", "ti", "xo", "lú", "ña", "gui")


def utterances(count: int, days: int, seed: int, until: datetime) -> Iterator[Utterance]:
    """Yield `count` utterances of the `days` before `until`, oldest first, the same by seed."""
    rng = random.Random(seed)  # noqa: S311  no secret
    for number, moment in enumerate(_moments(rng, count, days, until)):
        if number % CONVERSATION == 0:
            robot = rng.choice(ROBOTS)
            source = rng.choices([*SOURCES], [*SOURCES.values()])[0]
        yield _utterance(rng, moment, robot, source)


def _moments(rng: random.Random, count: int, days: int, until: datetime) -> Iterator[datetime]:
    """Yield moments in the waking hours of each day, in conversations."""
    day = until.astimezone(UTC) - timedelta(days=days)
    left = count
    for number in range(days):
        here = left // (days - number)
        left -= here
        talks = sorted(rng.uniform(0, 14) for _ in range(math.ceil(here / CONVERSATION)))
        starts = [day + timedelta(days=number, hours=10 + hours) for hours in talks]
        moments = (
            start + timedelta(seconds=8 * place + rng.random())
            for start in starts
            for place in range(CONVERSATION)
        )
        yield from sorted(moments)[:here]


def _utterance(rng: random.Random, moment: datetime, robot: str, source: str) -> Utterance:
    (status, error), text = _outcome(rng), sentence(rng)
    heard = status in (Status.SPOKEN, Status.INTERRUPTED)
    seconds = len(text) / 15 * (1 if status == Status.SPOKEN else rng.random())
    values: dict[str, Any] = {"finished_at": moment + timedelta(seconds=seconds + 0.2)}
    if heard:
        first_ms = rng.lognormvariate(4.2, 0.6)
        values |= {
            "waiting_ms": round(rng.lognormvariate(1.0, 1.5), 1),
            "first_audio_ms": round(first_ms, 1),
            "started_at": moment + timedelta(milliseconds=first_ms),
            "audio_seconds": round(seconds, 3),
            "engine": "piper es_ES-davefx-medium",
            "robot_confirmed": rng.choice((True, True, None)) if robot else None,
        }
    return Utterance(
        id=uuid.UUID(int=rng.getrandbits(128), version=4),
        text=text,
        source=source,
        device_id=robot,
        status=status,
        error=error,
        lang="es",
        mood=rng.choice(MOODS),
        intensity=round(rng.random(), 2),
        published_at=moment - timedelta(milliseconds=20),
        received_at=moment,
        **values,
    )


def _outcome(rng: random.Random) -> tuple[Status, str]:
    return rng.choices([*OUTCOMES], [*OUTCOMES.values()])[0]


def sentence(rng: random.Random) -> str:
    """Return a sentence, one in five with a rare name."""
    said = f"{rng.choice(_OPENINGS)}, {rng.choice(_WHO)} {rng.choice(_DOES)}"
    whom = _name(rng) if rng.random() < 0.2 else rng.choice(_WHO)
    return f"{said} {whom} {rng.choice(_ENDS)}."


def _name(rng: random.Random) -> str:
    return "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(3, 5))).capitalize()
