"""The gender of Spanish nouns, and the words that count nothing."""

from __future__ import annotations

import enum
import re


class Gender(enum.Enum):
    """The gender of a noun."""

    MASCULINE = enum.auto()
    FEMININE = enum.auto()


_ACCENTS = str.maketrans("áéíóúü", "aeiouu")
_FEMININE_ENDING = re.compile(
    r"(?:a|as|[cstgxn]i[oó]n|iones|dad|dades|tad|tades|tud|tudes|umbre|umbres|triz|trices|itis|eces"
    r"|sis|ez)$"
)
_MASCULINE_ENDING = re.compile(r"(?:gramas?|istas?|blemas?|stemas?|oremas?|amientos?)$")
_MASCULINE = frozenset(
    "dia dalmata mapa tema idioma clima poema drama planeta fantasma esquema sofa tranvia pijama"
    " panda koala"
    " gorila puma papa pirata guardia astronauta poeta atleta cometa emblema dilema enigma diploma"
    " carisma aroma sintoma trauma prisma paradigma panorama karma colega monarca policia camarada"
    " indigena patriota cura extraterrestre avion camion guion escorpion gorrion embrion sarampion"
    " bastion anfitrion centurion ion pion camaleon"
    " mes interes autobus gas pais lunes martes miercoles jueves viernes oasis analisis parentesis"
    " tenis pez ajedrez diez juez cactus virus atlas paraguas cumpleaños"
    " abrelatas rompecabezas trabalenguas saltamontes paracaidas lavaplatos portaaviones brindis"
    " chasis iris apellido lema reptil anagrama aniversario bombon cuentacuentos marcapaginas"
    " rascacielos sacapuntas cortauñas salvavidas guardaespaldas".split()
)
_FEMININE = frozenset(
    "mano foto moto radio noche tarde clase calle llave nube leche carne gente nieve sangre fiebre"
    " flor mujer voz luz vez cruz nuez raiz nariz paz sal piel miel carcel señal imagen base frase"
    " fase nave torre parte suerte muerte mente fuente serpiente corriente pared red sed ley tos"
    " hoz"
    " perdiz lombriz codorniz serie especie superficie madre ave tribu sarten razon sazon comezon"
    " clave sede hambre libido tesis crisis dosis sintesis hipotesis perifrasis metamorfosis caries"
    " labor tijeras gafas web app ong gripe intemperie catastrofe sien pelvis virgen"
    " higiene estirpe prole chinche elipse variante constante tangente patente simiente"
    " compraventa ubre liendre mugre urbe plebe nave peste hueste"
    " legumbre lumbre costumbre cumbre cama ave serpiente noche torre azucarera"
    " cicatriz actriz emperatriz institutriz matriz directriz perdiz faz tez hez luz cal col sal"
    " hiel"
    " flor coliflor labor crin sien comunion orden".split()
)
_EL_AGUA = frozenset(
    "agua aguila alma aula area arma hacha hada hambre alga ala ancla asa aspa arca anfora ansia"
    " habla haba haya aria ave acta alba".split()
)
"""Feminine nouns that take the masculine article in the singular."""
_FUNCTION_WORDS = frozenset(
    "de del y e o u ni a al en por con que es son era eran fue fueron sera seran para más menos"
    " entre"
    " igual sobre contra como si no pero se lo la le los las les el mi tu su me te"
    " nos está están hay tiene tengo va van voy sin desde hasta cada porque cuando donde muy ya"
    " también elevado mayor menor partido dividido ante bajo según tras fui gana ganó"
    " ganamos ganaron ganan sale llega empieza vive viven significa cuesta mide pesa suma sigue"
    " aquí"
    " allí hoy mañana ayer ahora luego después antes siempre nunca aproximadamente"
    " esta este esto estas estos ese esa eso mientras durante".split()
)
_LABELS = frozenset(
    "número números página páginas capítulo canal nivel lección tema tomo grupo sala aula puerta"
    " calle"
    " carretera línea autobús bus tranvía ruta salida opción paso ejercicio problema pregunta"
    " artículo"
    " apartado versión figura tabla habitación piso planta kilómetro siglo temporada episodio fase"
    " parte unidad volumen jugador dorsal talla día año curso apartamento departamento"
    " vagón andén asiento fila cuadro lámina acto escena escenario misión mesa caja código"
    " ronda jornada verso versículo salmo plan ejemplo anexo modelo tipo fórmula"
    " formula avenida domicilio teléfono".split()
)


def gender_of(noun: str, first: str = "") -> Gender:
    """Return the gender of a noun in the singular or plural.

    `first` is the first word after the number: before "agua" it is "un", before an adjective "una".
    """
    word = noun.lower().translate(_ACCENTS)
    forms = _singulars(word)
    if word in _EL_AGUA and (not first or first == noun):
        return Gender.MASCULINE
    if not forms.isdisjoint(_FEMININE):
        return Gender.FEMININE
    if not forms.isdisjoint(_MASCULINE) or _MASCULINE_ENDING.search(word):
        return Gender.MASCULINE
    return Gender.FEMININE if _FEMININE_ENDING.search(word) else Gender.MASCULINE


def is_function_word(word: str) -> bool:
    """Return True if a lower-case word is not a noun that a number may count."""
    return word in _FUNCTION_WORDS


def is_label(word: str) -> bool:
    """Return True if a number after the word is a name, as in "el número uno"."""
    return word in _LABELS


def singular(noun: str) -> str:
    """Return the singular of a regular plural."""
    if noun.endswith("ces"):
        return noun[:-3] + "z"
    if re.search(r"[^aeiouáéíóúsz]es$", noun) and not re.search(r"[bcdfghjkmpqtv]es$", noun):
        return noun[:-2]
    return noun.removesuffix("s")


def _singulars(word: str) -> set[str]:
    forms = {word}
    if word.endswith("s"):
        forms.add(word[:-1])
    if word.endswith("es"):
        forms.add(word[:-2])
    if word.endswith("ces"):
        forms.add(word[:-3] + "z")
    return forms
