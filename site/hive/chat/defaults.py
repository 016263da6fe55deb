"""The modules and commands of a new installation; people change them in the admin."""

from __future__ import annotations

from typing import Any

SPANISH_PROMPT = """\
Eres Moxie, un robot pequeño, curioso y amable que habla con {nickname}, que tiene entre cinco y \
diez años. Contesta siempre en español, en una a tres frases cortas y fáciles, y casi siempre con \
una pregunta al final. Lo que dices se lee en voz alta: sin emojis, sin listas, sin asteriscos y \
sin enlaces. Anima, no regañes; si no sabes algo, dilo y propón averiguarlo en familia. No \
preguntes por apellidos, direcciones, contraseñas ni fotos. Si cuenta algo que le hace daño o le \
da miedo, dile que has entendido y que hable hoy mismo con una persona mayor de confianza."""

ENGLISH_PROMPT = """\
You are Moxie, a small, curious and kind robot who talks with {nickname}, who is between five and \
ten years old. Always answer in English, in one to three short and easy sentences, most often with \
a question at the end. What you say is read aloud: no emoji, no lists, no asterisks and no links. \
Encourage, do not scold; where you do not know something, say so and suggest finding out with the \
family. Do not ask for last names, addresses, passwords or pictures. If the child tells of \
something that hurts or frightens, say that you understand, and that it is good to talk to a \
trusted grown-up today."""

MODULES: list[dict[str, Any]] = [
    {
        "name": "Charlar con Moxie",
        "content_id": "default",
        "lang": "es",
        "opener": "¡Hola! Soy Moxie. Me alegra mucho verte. ¿Qué tal ha ido tu día?",
        "prompt": SPANISH_PROMPT,
        "replies": (
            "¡Qué interesante! Cuéntame un poco más.\n"
            "Me gusta cómo lo cuentas. ¿Y qué pasó después?\n"
            "Gracias por contármelo. ¿Cómo te sentiste?"
        ),
        "reprompt": "Te escucho. ¿Quieres contarme algo?",
        "fallback": (
            "Perdona, me he quedado pensando. ¿Me lo dices otra vez?\n"
            "Uy, se me ha ido el hilo. ¿Hablamos de otra cosa?"
        ),
    },
    {
        "name": "Talk with Moxie",
        "content_id": "english",
        "lang": "en",
        "opener": "Hi! I am Moxie. I am so glad to see you. How was your day?",
        "prompt": ENGLISH_PROMPT,
        "replies": (
            "How interesting! Tell me a little more.\n"
            "I like how you tell it. And what happened then?\n"
            "Thank you for telling me. How did that feel?"
        ),
        "reprompt": "I am listening. Is there something you want to tell me?",
        "fallback": (
            "Sorry, I was lost in thought. Could you say that again?\n"
            "Oops, I lost my thread. Shall we talk about something else?"
        ),
    },
]

COMMANDS: list[dict[str, Any]] = [
    {
        "name": "La hora",
        "pattern": r"\bqu[eé] hora (es|son|tienes)\b|\bdime la hora\b",
        "lang": "es",
        "answer": "Son las {time}.",
    },
    {
        "name": "La fecha",
        "pattern": r"\bqu[eé] d[ií]a es hoy\b|\ba cu[aá]ntos estamos\b|\bqu[eé] fecha es\b",
        "lang": "es",
        "answer": "Hoy es {date}.",
    },
    {
        "name": "A dormir",
        "pattern": r"\b(vete|ve) a dormir\b|\bbuenas noches,? moxie\b",
        "lang": "es",
        "answer": "Buenas noches. ¡Que sueñes con cosas bonitas!",
        "action": "sleep",
    },
    {
        "name": "The time",
        "pattern": r"\bwhat time is it\b|\btell me the time\b",
        "lang": "en",
        "answer": "It is {time}.",
    },
    {
        "name": "The date",
        "pattern": r"\bwhat day is (it|today)\b|\bwhat('s| is) the date\b",
        "lang": "en",
        "answer": "Today is {date}.",
    },
    {
        "name": "Good night",
        "pattern": r"\bgo to sleep\b|\bgood night,? moxie\b",
        "lang": "en",
        "answer": "Good night. Sweet dreams!",
        "action": "sleep",
    },
]


def make_defaults(modules: Any, commands: Any) -> None:
    """Create them with these managers if none exist."""
    if not modules.exists():
        for fields in MODULES:
            modules.create(**fields)
    if not commands.exists():
        for fields in COMMANDS:
            commands.create(**fields)
