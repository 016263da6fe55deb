"""Spanish: abbreviations, number signs, ordinals and the title Don."""

from __future__ import annotations

import re

from ttsmonitor.language.english import ENGLISH
from ttsmonitor.language.language import Language, like, previous_word

_NUMBER_SIGN = re.compile(r"(?<!\w)([nN])\.?[º°]\.?\s*(?=\d)")
_ORDINAL = re.compile(r"(?<=\d)\.(?=[ºª])")
_DON = re.compile(r"(?<![\w.])D\.(?=\s[A-ZÁÉÍÓÚÑ][a-záéíóúñ])")
_LABELS = "plan vitamina grupo letra vocal opción clase tipo parte sección nota nivel respuesta"
_BEFORE_D = frozenset(f"{_LABELS} {ENGLISH.before_labels} la una".split())
"""Words after which "D." is a letter and not the title; Spanish speech is full of English ones."""


def _prepare(text: str) -> str:
    text = _NUMBER_SIGN.sub(lambda match: like(match[1], "número "), text)
    return _DON.sub(_don, _ORDINAL.sub("", text))


def _don(match: re.Match[str]) -> str:
    return match[0] if previous_word(match).lower() in _BEFORE_D else "Don"


SPANISH = Language(
    never_end=(
        "sr=señor sra=señora sres=señores sras=señoras srta=señorita dr=doctor dra=doctora"
        " drs=doctores prof=profesor profa=profesora dña=doña lic=licenciado ing=ingeniero"
        " arq=arquitecto gral=general cap=capitán cnel=coronel sto=santo sta=santa ntra=nuestra"
        " mr=míster mrs=misis ms=mis st=Saint av=avenida avda=avenida ctra=carretera pza=plaza"
        " núm=número nro=número pág=página págs=páginas tel=teléfono ej=ejemplo vs=versus"
        " excmo=excelentísimo excma=excelentísima ilmo=ilustrísimo ilma=ilustrísima tte=teniente"
        " cía=compañía hno=hermano hnos=hermanos dpto=departamento depto=departamento cód=código"
        " p.ej=por_ejemplo P.ej=por_ejemplo"
    ),
    may_end=(
        "etc=etcétera aprox=aproximadamente máx=máximo mín=mínimo min=minutos hab=habitantes"
        " ud=usted uds=ustedes vd=usted vds=ustedes jr=júnior kg km cm mm"
        " EE.UU=Estados_Unidos RR.HH=recursos_humanos JJ.OO=Juegos_Olímpicos"
        " FF.AA=Fuerzas_Armadas Bs.As=Buenos_Aires Ph.D"
        " a.m p.m a.C=antes_de_Cristo d.C=después_de_Cristo"
    ),
    numbered=(
        "no=número art=artículo cap=capítulo vol=volumen fig=figura p=página pp=páginas s=siglo"
    ),
    before_names="a al con de del según por para entre y e o u ni sobre don doña señor señora"
    " doctor doctora",
    before_labels=_LABELS,
    before_places="en la los las una",
    own_words=(
        "hola adiós chao sí gracias perdón bueno buena buenos buenas vale claro listo lista el"
        " la los las un una unos unas del al de que y o es son está están estoy soy eres era fue"
        " hay tengo tienes tiene quiero quieres puedo puedes puede voy vas va vamos ven dime"
        " mira oye espera yo tú él ella nosotros ustedes mi mis tu tus su sus me te se le lo nos"
        " les este esta esto ese esa eso aquí ahí allí qué quién cómo cuándo dónde por para con"
        " sin en como pero porque si también muy más menos bien mal ya hoy mañana ahora luego"
        " después siempre nunca nada todo todos todas otra otro vez amigo amiga papá mamá te"
        " toca empate correcto incorrecto juega jugar canta baila duerme come respira silencio"
        " perfecto excelente fin"
    ),
    own_letters="¿¡ñáéíóú",
    prepare=_prepare,
)
