"""Abbreviations, number signs and the title Don in Spanish."""

from __future__ import annotations

import re

from ttsmonitor.language.abbreviations import Abbreviations, Context, like, sentence_dot
from ttsmonitor.language.rules import AT_WORD_WITH_DOT, DIGITS, Region, Rule, previous_word
from ttsmonitor.language.spanish.nouns import Gender, gender_of
from ttsmonitor.language.words_around import BEFORE_LABELS, BEFORE_NAMES, BEFORE_PLACES

_BEFORE_D = BEFORE_LABELS | {"la", "una"}
"""Words after which "D." is a letter and not the title; Spanish speech is full of English ones."""

CONTEXT = Context(BEFORE_NAMES, BEFORE_LABELS, BEFORE_PLACES)

_ABBREVIATIONS = Abbreviations(
    CONTEXT,
    never_end=(
        "sr=señor sra=señora sres=señores sras=señoras srta=señorita srtas=señoritas srto=señorito"
        " dr=doctor dra=doctora dres=doctores dras=doctoras"
        " drs=doctores prof=profesor profa=profesora profra=profesora dña=doña lic=licenciado"
        " licda=licenciada lcdo=licenciado lcda=licenciada ing=ingeniero"
        " arq=arquitecto gral=general cap=capitán cnel=coronel cdte=comandante sgto=sargento"
        " almte=almirante pdte=presidente pdta=presidenta mtro=maestro mtra=maestra mons=monseñor"
        " sto=santo sta=santa ntra=nuestra ntro=nuestro fr=fray rvdo=reverendo"
        " mr=míster mrs=misis ms=mis st=Saint av=avenida avda=avenida avd=avenida"
        " ctra=carretera carr=carretera pza=plaza plza=plaza pzta=plazuela gta=glorieta"
        " urb=urbanización blvd=bulevar"
        " blvr=bulevar bulev=bulevar edif=edificio cjón=callejón pje=pasaje pol=polígono"
        " núm=número nro=número núms=números nros=números pág=página págs=páginas párr=párrafo"
        " tel=teléfono tfno=teléfono tlf=teléfono tlfno=teléfono telf=teléfono teléf=teléfono"
        " cel=celular"
        " ej=ejemplo vs=versus fdo=firmado apdo=apartado admón=administración"
        " excmo=excelentísimo excma=excelentísima ilmo=ilustrísimo ilma=ilustrísima tte=teniente"
        " cía=compañía hno=hermano hnos=hermanos hna=hermana hnas=hermanas dpto=departamento"
        " depto=departamento dept=departamento cód=código fco=Francisco univ=universidad"
        " ref=referencia rte=remitente vto=vencimiento pta=puerta asoc=asociación prov=provincia"
        " gob=gobernador cdad=ciudad tels=teléfonos tfnos=teléfonos profs=profesores"
        " profas=profesoras ayto=ayuntamiento fracc=fraccionamiento prol=prolongación"
        " mpio=municipio entlo=entresuelo trav=travesía hosp=hospital inst=instituto"
        " p.ej=por_ejemplo P.ej=por_ejemplo S.M=su_majestad SS.MM=sus_majestades"
        " S.A.R=su_alteza_real V.E=vuestra_excelencia"
    ),
    may_end=(
        "etc=etcétera aprox=aproximadamente máx=máximo mín=mínimo min=minutos hab=habitantes"
        " ud=usted uds=ustedes vd=usted vds=ustedes jr=júnior km=kilómetros kms=kilómetros"
        " kg=kilogramos kgs=kilogramos cm=centímetros cms=centímetros mm=milímetros ltda=limitada"
        " ltdo=limitado"
        " hrs=horas hs=horas mins=minutos seg=segundos segs=segundos mts=metros lts=litros"
        " grs=gramos ptas=pesetas"
        " cts=céntimos cént=céntimos cénts=céntimos izq=izquierda izqda=izquierda izda=izquierda"
        " izdo=izquierdo dcha=derecha"
        " dcho=derecho der=derecha esq=esquina sig=siguiente sigs=siguientes"
        " atte=atentamente vda=viuda dto=descuento tít=título trad=traducción máxs=máximos"
        " cdta=cucharadita cda=cucharada cdas=cucharadas cdtas=cucharaditas"
        " EE.UU=Estados_Unidos EE.UU.AA=Estados_Unidos RR.HH=recursos_humanos"
        " JJ.OO=Juegos_Olímpicos"
        " FF.AA=Fuerzas_Armadas CC.AA=comunidades_autónomas CC.OO=comisiones_obreras"
        " FF.CC=ferrocarriles RR.MM=Reyes_Magos SS.MM=sus_majestades AA.VV=asociaciones_de_vecinos"
        " VV.AA=varios_autores Bs.As=Buenos_Aires Ph.D m.s.n.m=metros_sobre_el_nivel_del_mar"
        " S.A=ese_a S.L=ese_ele"
        " S.A.de_C.V=ese_a_de_ce_uve C.P=código_postal P.D=posdata P.S=posdata"
        " q.e.p.d=que_en_paz_descanse"
        " a.m p.m a.C=antes_de_Cristo d.C=después_de_Cristo a.de_C=antes_de_Cristo"
        " d.de_C=después_de_Cristo"
    ),
    numbered=(
        "no=número nos=números art=artículo arts=artículos cap=capítulo caps=capítulos vol=volumen"
        " vols=volúmenes fig=figura figs=figuras p=página pp=páginas s=siglo ss=siglos ed=edición"
        " lám=lámina ej=ejercicio ejs=ejercicios pto=puerto apto=apartamento dpto=departamento"
        " km=kilómetro min=minuto t=tomo vers=versículo col=columna máx=máximo mín=mínimo"
        " temp=temporada"
        " ep=episodio sec=sección mza=manzana esc=escalera preg=pregunta pregs=preguntas"
        " lec=lección"
    ),
)
_NUMBER_SIGN = re.compile(
    r"(?<!\w)(?P<sign>[nN])(?P<several>s?)\.?\s?[º°](?P<plural>s?)\.?(?:\s{0,3}(?=\d)|\s(?=de\b))"
)
_SAINTS = (
    "José|Juan|Pedro|Pablo|Antonio|Francisco|Miguel|Martín|Sebastián|Isidro|Fernando|Andrés|Blas"
    "|Lucas|Marcos|Mateo|Jorge|Valentín|Nicolás|Fermín"
)
_DEGREES = re.compile(r"\s[-−]?\d{1,3}\s?(?:[°º]|grados)")
_LIMIT = re.compile(r"(?P<word>[Mm]áx|[Mm]ín)\.(?!\w)")
_LIMITS = {"max": "máximo", "min": "mínimo"}
_DON = re.compile(r"(?<![\w.])D\.(?=\s[A-ZÁÉÍÓÚÑ][a-záéíóúñ])")
_RAISED = {
    "Dª": "doña",
    "Mª": "María",
    "Pº": "paseo",
    "Fª": "Francisca",
    "Nª": "Nuestra",
}
_WITHOUT_DOT = {
    "tel": "teléfono",
    "tfno": "teléfono",
    "tlfno": "teléfono",
    "tlf": "teléfono",
    "telf": "teléfono",
    "cel": "celular",
    "pág": "página",
    "págs": "páginas",
    "cap": "capítulo",
    "núm": "número",
    "art": "artículo",
    "vol": "volumen",
    "sr": "señor",
    "sra": "señora",
    "srta": "señorita",
    "dr": "doctor",
    "dra": "doctora",
    "prof": "profesor",
    "profa": "profesora",
    "av": "avenida",
    "ava": "avenida",
    "avd": "avenida",
    "avda": "avenida",
    "sta": "santa",
    "sto": "santo",
    "uds": "ustedes",
    "km": "kilómetro",
    "máx": "máximo",
    "mín": "mínimo",
}
AT_ABBREVIATION = re.compile(r"[A-Za-z](?<!\w.)[a-záíú]{1,4}(?=:|\s[+\dA-ZÁÉÍÓÚÑ(])", re.DOTALL)
"""The beginning of a short word that a number, colon or name follows."""
_WOMEN = {
    "prof": "profesora",
    "dr": "doctora",
    "sr": "señora",
    "lic": "licenciada",
    "ing": "ingeniera",
    "mtr": "maestra",
    "srt": "señorita",
}


def _woman(match: re.Match[str], _region: Region) -> str:
    """Read "la prof." as "la profesora"."""
    if previous_word(match) not in ("la", "una"):
        return match[0]
    return like(match[0], _WOMEN[match["stem"].lower()])


def _limit(match: re.Match[str], _region: Region) -> str:
    """Read "velocidad máx." as "velocidad máxima"."""
    noun = previous_word(match)
    is_noun = bool(noun) and match.string[match.start() - 2].isalpha()
    is_feminine = (is_noun and gender_of(noun) is Gender.FEMININE) or bool(
        _DEGREES.match(match.string, match.end())
    )
    words = f"{match['word']}im{'a' if is_feminine else 'o'}"
    return words + sentence_dot(match)


def _number_sign(match: re.Match[str], _region: Region) -> str:
    several = match["several"] or match["plural"]
    return like(match["sign"], "números " if several else "número ")


def _don(match: re.Match[str], _region: Region) -> str:
    return match[0] if previous_word(match) in _BEFORE_D else "Don"


def _raised(match: re.Match[str], _region: Region) -> str:
    return _RAISED.get(match["letter"] + match["sign"], match[0])


def _era(match: re.Match[str], _region: Region) -> str:
    when = "antes" if match["when"] == "a" else "después"
    dot = sentence_dot(match) if match[0].endswith(".") else ""
    return f"{when} de Cristo{dot}"


RULES = (
    Rule(_NUMBER_SIGN, _number_sign, "º°"),
    Rule(re.compile(r"n\.os\s(?=\d)"), lambda _match, _region: "números ", DIGITS),
    Rule(
        re.compile(
            r"(?P<short>[Tt]el|[Tt]fno|[Tt]lfno|[Tt]lf|[Tt]elf|[Cc]el|[Pp]ágs?|[Cc]ap|[Nn]úm|[Kk]m"
            r"|[Mm]áx|[Mm]ín|"
            r"[Aa]rt|[Vv]ol)"
            r"(?=:|\s[+\d(])"
        ),
        lambda match, _region: like(match[0], _WITHOUT_DOT[match["short"].lower()]),
        "TtPpCcNnAaVvKkMm",
        AT_ABBREVIATION,
    ),
    Rule(
        re.compile(
            r"(?P<short>[Ss]ra?|[Ss]rta|[Dd]ra?|[Pp]rofa?|[Aa]vd?a?|[Ss]ta|[Ss]to|[Uu]ds)(?=\s"
            r"[A-ZÁÉÍÓÚÑ])"
        ),
        lambda match, _region: like(match[0], _WITHOUT_DOT[match["short"].lower()]),
        "SsDdPpAaUu",
        AT_ABBREVIATION,
    ),
    Rule(
        re.compile(r"(?<!\w)V\.?\s?[º°]\s?B\.?\s?[º°]"), lambda _match, _region: "visto bueno", "º°"
    ),
    Rule(re.compile(r"(?<!\w)(?P<letter>[DMPFN])\.?(?P<sign>[ªº])(?!\w)"), _raised, "ªº"),
    Rule(
        re.compile(
            r"(?<!\w)(?P<stem>[Pp]rof|[Dd]r|[Ss]r|[Ll]ic|[Ii]ng|[Mm]tr|[Ss]rt)\.?ª\.?(?!\w)"
        ),
        lambda match, _region: like(match[0], _WOMEN[match["stem"].lower()]),
        "ª",
    ),
    Rule(re.compile(rf"S\.\s(?={_SAINTS})"), lambda _match, _region: "San ", ".", AT_WORD_WITH_DOT),
    Rule(
        re.compile(r"(?P<stem>[Pp]rof|[Ll]ic|[Ii]ng)\.(?=\s[A-ZÁÉÍÓÚÑ])"),
        _woman,
        ".",
        AT_WORD_WITH_DOT,
    ),
    Rule(
        re.compile(r"(?P<short>Max|Min|max)\.(?=\s\d)"),
        lambda match, _region: like(match[0], _LIMITS[match["short"].lower()]),
        ".",
        AT_WORD_WITH_DOT,
    ),
    Rule(
        re.compile(r"(?P<place>Col|Ave)\.(?=\s[A-ZÁÉÍÓÚÑ])"),
        lambda match, _region: "Colonia" if match["place"] == "Col" else "Avenida",
        ".",
        AT_WORD_WITH_DOT,
    ),
    Rule(_LIMIT, _limit, ".", AT_WORD_WITH_DOT),
    Rule(_DON, _don, "D"),
    Rule(
        re.compile(
            r"(?<!\w)(?P<when>[ad])\.?\s?(?:de\s)?C\b(?:\.(?!\w))?(?<![ad]\sC)(?<![ad] C\.)"
        ),
        _era,
        "C",
    ),
    _ABBREVIATIONS.rule,
    Rule(re.compile(r"\bWi-?Fi\b|\bwi-fi\b"), lambda _match, _region: "wifi", "Ww"),
)
