"""Texts of the measurements."""

from __future__ import annotations

import itertools
import random

PARAGRAPH = (
    "Hola, soy Moxie y hoy quiero contarte cómo fue mi primer día en el bosque de los robots. "
    "Por la mañana encontré a una ardilla que no sabía contar sus nueces, así que las contamos "
    "juntos. Después apareció un búho muy viejo, que nos preguntó si queríamos aprender una "
    "canción. Le dijimos que sí, y cantamos hasta que el sol se escondió detrás de las montañas. "
    "Cuando volví a casa estaba cansado, pero también muy contento, porque había hecho dos amigos "
    "nuevos. Mañana volveré con una linterna, un cuaderno y ganas de jugar. "
    "¿Te gustaría venir conmigo? Prometo que lo vamos a pasar de maravilla los dos."
)
TEXTS = {
    "short": "Hola, soy Moxie.",
    "medium": "Hola, soy Moxie hablando en español y hoy estoy muy contento.",
    "long": (
        "Hola, soy Moxie y hoy vamos a leer un cuento muy bonito sobre un robot que quería "
        "aprender a bailar con sus amigos del bosque."
    ),
    "unbroken": (
        "Hola soy Moxie y ayer por la tarde encontré en el bosque a una ardilla muy pequeña que no "
        "sabía contar las nueces que juntaba."
    ),
    "paragraph": PARAGRAPH,
}
"""`unbroken` is as long as `long`, but without a pause."""
CACHED = "¡Muy bien! Lo has hecho genial."
STORY = (
    "Hola amigos hoy vamos a leer un cuento muy bonito sobre un robot llamado Moxie que quería "
    "aprender a bailar. "
)
"""A text without pauses inside a sentence; repeat it for a long sound."""


class Texts:
    """A source of new texts of equal length, so that no cache can help."""

    def __init__(self, seed: int | None = None) -> None:
        letters = ["".join(pair) for pair in itertools.product("bcdfglmnprst", "aeiou")]
        self._syllables = letters
        self._random = random.Random(seed)
        greetings = [f"{one}{two}".title() for one, two in itertools.product(letters, letters)]
        self._random.shuffle(greetings)
        self._greetings = itertools.cycle(greetings)

    def new(self, text: str) -> str:
        """Return `text` with another first word and another name."""
        name = "".join(self._random.choices(self._syllables, k=2)).title() + "s"
        return text.replace("Hola", next(self._greetings), 1).replace("Moxie", name, 1)
