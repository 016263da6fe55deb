"""Sentences for the measurement of naturalness, in each language that it knows."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

CHARACTERS = range(56, 131)
"""The length of a sentence that is too long to be read at once and short enough to be usual."""


@dataclass(frozen=True)
class Phrases:
    """The parts that sentences are put together from."""

    parts: tuple[str, str, str, str]
    """The slots of a sentence; choices are separated by slashes."""
    hard: str
    """Texts in which it is hard to tell which sound belongs to which word, a line each."""

    @property
    def choices(self) -> list[list[str]]:
        """Return the choices of each part."""
        return [[each.strip() for each in part.split("/")] for part in self.parts]


ENGLISH = Phrases(
    parts=(
        "the little robot/my youngest sister/an old fisherman/our grandmother/a very tired dragon"
        "/the teacher from next door/the boy with the red hat",
        "wanted to learn how to dance/found a letter under the table/painted the wooden fence blue"
        "/told us a story about the moon/has never seen so much snow/was looking for a balloon",
        "in the garden behind the house/on the way to the harbour/after the rain had stopped"
        "/while everybody else was asleep/before anyone could say a word",
        "and nobody knew what to do/because the summer was so long/so we stayed until it was dark"
        "/where the children like to play/",
    ),
    hard="""\
In nineteen eighty-four there were one thousand two hundred and fifty robots here.
He said "good morning" to Dr. Brown and left at 5 p.m. on Monday.
It's a well-known fact that the U.S. team can't swim, isn't it?
She could have been there in the middle of the night, of course.
The "big" one costs 1,250 dollars and 99 cents in the shop.""",
)
SPANISH = Phrases(
    parts=(
        "el pequeño robot/mi hermana menor/un viejo pescador/nuestra abuela/un dragón muy cansado"
        "/la maestra de al lado/el niño del sombrero rojo",
        "quería aprender a bailar/encontró una carta debajo de la mesa/buscaba un globo perdido"
        "/nos contó un cuento sobre la luna/pintó de azul la cerca/nunca había visto tanta lluvia",
        "en el jardín detrás de la casa/camino del puerto/cuando dejó de llover"
        "/mientras todos los demás dormían/antes de que nadie dijera nada",
        "y nadie sabía qué hacer/porque el verano era muy largo/donde juegan los niños"
        "/así que nos quedamos hasta la noche/",
    ),
    hard="""\
En mil novecientos ochenta y cuatro había 1.250 robots aquí.
Ella dijo «buenos días» al Dr. Pérez y se fue a las 5 p. m. a su casa.
Es un niño franco-español de los años 80 que vive en EE. UU. con la Sra. Paz.
El "grande" cuesta 99 euros con 50 céntimos, o sea, casi cien.
Lo que él me dijo a mí es que no se lo diera a nadie, ¿vale?""",
)
LANGUAGES = {"en": ENGLISH, "es": SPANISH}


def unbroken(phrases: Phrases, count: int) -> list[str]:
    """Return sentences without a pause, the same ones each time."""
    return _made(phrases, count, lambda parts: " ".join(filter(None, parts)))


def with_comma(phrases: Phrases, count: int) -> list[str]:
    """Return sentences with a comma in the middle."""
    return _made(phrases, count, lambda parts: " ".join(parts[:2]) + ", " + " ".join(parts[2:]))


def pairs(phrases: Phrases, count: int) -> list[str]:
    """Return texts of two short sentences."""
    made = [_made(phrases, count, lambda parts: " ".join(parts[:2]), seed) for seed in (1, 2)]
    return [f"{one} {other}" for one, other in zip(*made, strict=True)]


def _made(
    phrases: Phrases, count: int, join: Callable[[Sequence[str]], str], seed: int = 0
) -> list[str]:
    pick = random.Random(seed).choice
    made: dict[str, None] = {}
    for _attempt in range(100 * count):
        text = join([pick(choice) for choice in phrases.choices]).strip()
        if seed or len(text) in CHARACTERS:
            made[text[0].upper() + text[1:] + "."] = None
    return list(made)[:count]
