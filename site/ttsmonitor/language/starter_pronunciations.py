"""The pronunciations that a new installation begins with."""

from __future__ import annotations

from ttsmonitor.language.pronunciations import Pronunciation

_SPANISH = """
Moxie=Moxie=mˈoksi OpenMoxie=open_Moxie
México=méjico mexicano=mejicano mexicana=mejicana mexicanos=mejicanos mexicanas=mejicanas
mexiquense=mejiquense Mexicali=mejicali Oaxaca=oajaca oaxaqueño=oajaqueño oaxaqueña=oajaqueña
Xalapa=jalapa xalapeño=jalapeño xalapeña=jalapeña Texas=tejas texano=tejano texana=tejana
Taxco=tasco Tlaxcala=tlascala Xcaret=shcaret Xochimilco=sochimilco
Ximena=jimena Ximénez=jiménez Xavier=javier Xóchitl=sóchil
Wi-Fi=wifi YouTube=yutúb WhatsApp=guatsap Spotify=espótifai Netflix=nétflix TikTok=tictoc
Facebook=féisbuc Google=gúgol Gmail=yímeil Twitch=tuich Discord=díscord Zoom=sum Uber=úber
Minecraft=máincraft Roblox=róblox PlayStation=pleistéishon Xbox=équisbox
iPad=áipad iPhone=áifon Bluetooth=blútud ChatGPT=chat_ye_pe_té
email=ímeil online=onlain tablet=táblet app=ap apps=aps laptop=láptop mouse=maus
software=sóftuer hardware=járduer
pizza=pitsa hot_dog=jot_dog sandwich=sánduich sándwich=sánduich brownie=brauni cupcake=cápqueic
jeans=yins hobby=jobi hobbies=jobis show=shou baby=béibi slime=eslaim hip_hop=jip_jop
Disney=dísnei Marvel=márvel Hollywood=jólivud Halloween=jalouin
Spiderman=espáiderman Spider-Man=espáiderman Hulk=jalk Avengers=avényers Star_Wars=estar_uors
Toy_Story=toi_estori Frozen=frousen Harry=jarri Hogwarts=jóguarts Shrek=shrek Snoopy=esnupi
Mickey=miqui Barbie=barbi Bluey=blui Peppa=pepa Scooby-Doo=escubi_du
Michael=máicol John=yon Jennifer=yénifer Jonathan=yónatan George=yorch Brian=braian Ryan=raian
William=uíliam Ashley=ashli Washington=uáshinton Miami=maiami
"""
"""Words and how they are said, with an equals sign between; `_` is a space."""

_ENGLISH = """
Moxie=moxie=mˈɑːksi OpenMoxie=open_moxie=ˈoʊpən_mˈɑːksi
Oaxaca=wahaka=wəhˈɑːkə Xalapa=halapa=həlˈɑːpə Ximena=hee_mayna=hɪmˈeɪnə
Xóchitl=so_cheel=sˈoʊtʃiːl José=ho_zay=hoʊzˈeɪ Joaquín=wah_keen=wɑːkˈiːn
Alejandro=ala_hahndro=ˌælɪhˈɑːndɹoʊ Alejandra=ala_hahndra=ˌælɪhˈɑːndɹə
Guillermo=ghee_yairmo=ɡiːjˈɛɹmoʊ jalapeño=hala_painyo=hˌɑːləpˈeɪnjoʊ
Niamh=neev=nˈiːv Nguyen=win=wˈɪn
"""
"""With phonemes, as letters alone are read in several ways."""


def _read(table: str) -> tuple[Pronunciation, ...]:
    entries = (entry.replace("_", " ").split("=") for entry in table.split())
    return tuple(Pronunciation(*fields) for fields in entries)


STARTERS = {"es": _read(_SPANISH), "en": _read(_ENGLISH)}
"""By language."""
