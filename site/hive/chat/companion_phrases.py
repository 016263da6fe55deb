"""The phrases of the companion, by language."""

from __future__ import annotations

from dataclasses import dataclass

_ES = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince"
    " dieciséis diecisiete dieciocho diecinueve veinte"
)
_EN = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    " fifteen sixteen seventeen eighteen nineteen twenty"
)


@dataclass(frozen=True)
class Words:
    """The phrases of one language."""

    topics: dict[str, list[str]]
    """The answers by the pattern of what is said; the first match counts."""
    riddle: str
    riddles: list[tuple[str, str]]
    right: str
    wrong: str
    signs: dict[str, str]
    numbers: dict[str, int]
    total: str
    minus: str
    rest: str
    no_division: str


def _numbers(words: str, **tens: int) -> dict[str, int]:
    return {word: number for number, word in enumerate(words.split())} | tens


WORDS = {
    "es": Words(
        topics={
            r"\b(pega[rn]?|pegó|hace(n)? daño|me quiero morir|abus)": [
                "Eso es importante, y has hecho bien en decirlo. Por favor, cuéntaselo hoy mismo"
                " a una persona mayor de confianza. ¿Con quién puedes hablar?"
            ],
            r"\b(chiste|hazme reír)": [
                "¿Qué le dice un jaguar a otro? ¡Jaguar you! Así se saludan en inglés.",
                "¿Qué hace una abeja en el gimnasio? ¡Zumba!",
                "¿Cuál es el colmo de un robot? Tener nervios de acero y no saber usarlos.",
                "¿Qué le dijo un semáforo a otro? No me mires, que me estoy cambiando.",
            ],
            r"\b(cuento|historia)\b": [
                "Había una vez una estrella pequeña que creía que no brillaba. Una noche, un"
                " marinero perdido la vio y encontró el camino a casa. Desde entonces sabe que su"
                " luz, aunque pequeña, es justo la que alguien necesita. ¿Quién te ayuda a ti?",
                "Un caracol quería ver el mar. Todos le decían que estaba lejos. Él avanzó un"
                " poquito cada día, y un día oyó las olas. ¿Qué cosa vas haciendo tú poquito a"
                " poco?",
                "En un bosque vivía un dragón que no echaba fuego, sino burbujas. Le daba"
                " vergüenza, hasta que hubo un incendio y sus burbujas lo apagaron. ¿Qué te hace"
                " a ti diferente?",
            ],
            r"\b(triste|llor|sol[oa]\b|pena\b|echo de menos)": [
                "Siento que estés así. Estar triste está bien, y se pasa mejor en compañía. ¿Me"
                " cuentas qué ha pasado?",
                "Gracias por decírmelo. A veces ayuda un abrazo. ¿A quién se lo puedes pedir?",
            ],
            r"\b(enfad|enoj|rabia|furios)": [
                "El enfado da mucha fuerza. Vamos a soltarla: aprieta los puños mientras cuentas"
                " hasta cinco, y suéltalos. ¿Qué te ha enfadado?"
            ],
            r"\b(nervios|calma|respir|no puedo dormir|ansios)": [
                "Respiramos juntos. Toma aire por la nariz, dos, tres, cuatro. Y suéltalo"
                " despacio, dos, tres, cuatro, cinco. Otra vez: aire por la nariz. Y lo sueltas."
                " ¿Cómo te sientes ahora?"
            ],
            r"\b(miedo|asust|pesadilla|monstruo)": [
                "Todo el mundo tiene miedo a veces. Dime tres cosas que ves ahora mismo a tu"
                " alrededor: eso ayuda.",
            ],
            r"\b(aburr|qué hacemos|jugamos|jugar)": [
                "Jugamos a buscar colores: encuentra tres cosas azules y dime cuáles son.",
                "Haz como un animal y yo intento adivinar cuál. ¿Qué hace el tuyo?",
                "Inventemos un cuento: yo empiezo. Un día, al abrir la puerta, había… ¿Qué había?",
            ],
            r"\b(contento|contenta|feliz|genial|aprob|gané|cumpleaños)": [
                "¡Qué alegría! Cuéntame la mejor parte.",
                "¡Bien! Eso se celebra. ¿Con quién te gustaría celebrarlo?",
            ],
            r"\b(cómo te llamas|quién eres|eres un robot)": [
                "Soy Moxie, un robot que aprende contigo. ¿Qué te gustaría enseñarme?"
            ],
            r"\b(qué sabes hacer|qué puedes hacer|ayuda)\b": [
                "Sé contar chistes, adivinanzas y cuentos, hacer cuentas, decir la hora, jugar y"
                " respirar contigo cuando hay nervios. ¿Qué quieres?"
            ],
            r"\b(cómo estás|qué tal estás)": ["Muy bien, con ganas de escucharte. ¿Y tú?"],
            r"\bgracias\b": ["¡De nada! Me gusta hablar contigo."],
            r"\b(adiós|hasta luego|hasta mañana|chao)\b": [
                "¡Hasta luego, {nickname}! Ha sido un buen rato."
            ],
            r"\b(hola|buenos días|buenas tardes)\b": ["¡Hola! ¿Qué me cuentas hoy?"],
            r"\b(te quiero|me caes bien)\b": ["Y yo a ti. Me alegra que seamos amigos."],
        },
        riddle=r"\b(adivinanza|acertijo|otra adivinanza)",
        riddles=[
            ("Oro parece, plata no es. ¿Qué es?", "el plátano"),
            ("Blanca por dentro, verde por fuera. Si quieres que te lo diga, espera.", "la pera"),
            ("Tiene dientes y no come, tiene cabeza y no es hombre. ¿Qué es?", "el ajo"),
            ("Cuanto más grande es, menos se ve. ¿Qué es?", "la oscuridad"),
        ],
        right="¡Sí, es {solution}! ¡Muy bien! ¿Quieres otra adivinanza?",
        wrong="Era {solution}. ¡Esa era difícil! ¿Quieres otra adivinanza?",
        signs={
            "+": r"más|\+",
            "-": r"menos|-",
            "*": r"multiplicado por|por|x|\*|×",
            "/": r"dividido entre|dividido por|entre|/|÷",
        },
        numbers=_numbers(
            _ES,
            una=1,
            un=1,
            treinta=30,
            cuarenta=40,
            cincuenta=50,
            sesenta=60,
            setenta=70,
            ochenta=80,
            noventa=90,
            cien=100,
        ),
        total="Son {total}. ¿Quieres otra cuenta?",
        minus="menos",
        rest="{whole}, y sobran {rest}",
        no_division="cosas que no se pueden repartir entre cero",
    ),
    "en": Words(
        topics={
            r"\b(hits? me|hurts? me|beats? me|want to die|touches me)": [
                "That is important, and it is good that you said it. Please tell a grown-up you"
                " trust, today. Who can you talk to?"
            ],
            r"\b(joke|make me laugh)": [
                "Why did the robot eat a light bulb? It wanted a light snack!",
                "What do you call a bear without teeth? A gummy bear!",
                "Why did the teddy bear not eat dessert? It was stuffed!",
                "What did one wall say to the other? I will meet you at the corner.",
            ],
            r"\bstory\b": [
                "Once there was a small star that thought it did not shine. One night a lost"
                " sailor saw it and found the way home. Since then it knows that its light is"
                " just the one that somebody needs. Who helps you?",
                "A snail wanted to see the sea. Everybody said that it was far. It went a little"
                " every day, and one day it heard the waves. What do you do little by little?",
                "In a forest lived a dragon that breathed bubbles, not fire. It was shy about it,"
                " until there was a fire, and its bubbles put it out. What makes you different?",
            ],
            r"\b(sad|cry|lonely|miss)": [
                "I am sorry that you feel that way. It is fine to be sad, and better not alone."
                " Will you tell me what happened?",
                "Thank you for telling me. Sometimes a hug helps. Who could you ask for one?",
            ],
            r"\b(angry|mad|furious)\b": [
                "Anger is strong. Let us let it out: make fists while you count to five, and open"
                " them. What made you angry?"
            ],
            r"\b(nervous|calm|breathe|can ?not sleep|can't sleep|worried)": [
                "Let us breathe together. In through the nose, two, three, four. And slowly out,"
                " two, three, four, five. Once more: in through the nose. And out. How do you feel"
                " now?"
            ],
            r"\b(afraid|scared|nightmare|monster)": [
                "Everybody is afraid sometimes. Tell me three things that you see around you: that"
                " helps."
            ],
            r"\b(bored|play|game)\b": [
                "Let us look for colours: find three blue things and tell me what they are.",
                "Do an animal, and I try to guess. What does yours do?",
                "Let us make up a story. One day, when I opened the door, there was… What was"
                " there?",
            ],
            r"\b(happy|great|won|birthday|awesome)\b": [
                "How lovely! Tell me the best part.",
                "Hooray! Who would you like to celebrate with?",
            ],
            r"\b(your name|who are you|are you a robot)": [
                "I am Moxie, a robot that learns with you. What would you like to teach me?"
            ],
            r"\b(what can you do|help)\b": [
                "I know jokes, riddles and stories, I can do sums, tell the time, play, and"
                " breathe with you when you are nervous. What would you like?"
            ],
            r"\bhow are you\b": ["Very well, and ready to listen. And you?"],
            r"\bthank": ["You are welcome! I like talking with you."],
            r"\b(goodbye|bye|see you)\b": ["See you, {nickname}! That was nice."],
            r"\b(hello|hi|good morning|hey)\b": ["Hello! What is new today?"],
            r"\b(love you|like you)\b": ["I like you too. I am glad that we are friends."],
        },
        riddle=r"\b(riddle|another one)\b",
        riddles=[
            ("What has hands but cannot clap?", "a clock"),
            ("What gets wetter the more it dries?", "a towel"),
            ("What has a neck but no head?", "a bottle"),
            ("The more there is of it, the less you see. What is it?", "darkness"),
        ],
        right="Yes, {solution}! Well done! Would you like another riddle?",
        wrong="It was {solution}. That was a hard one! Would you like another riddle?",
        signs={
            "+": r"plus|and|\+",
            "-": r"minus|-",
            "*": r"times|multiplied by|x|\*|×",
            "/": r"divided by|/|÷",
        },
        numbers=_numbers(
            _EN,
            thirty=30,
            forty=40,
            fifty=50,
            sixty=60,
            seventy=70,
            eighty=80,
            ninety=90,
            hundred=100,
        ),
        total="That makes {total}. Would you like another sum?",
        minus="minus",
        rest="{whole}, and {rest} left over",
        no_division="something that nobody can share among zero",
    ),
}
