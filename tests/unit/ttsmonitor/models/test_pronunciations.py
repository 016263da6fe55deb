"""The table of pronunciations in the database, its starter entries and its admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client

from ttsmonitor.language.pronunciations import PronunciationTable, pronounce_words
from ttsmonitor.language.tracked_text import TrackedText
from ttsmonitor.models import PronunciationEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("starters")]

LIST = "/admin/ttsmonitor/pronunciationentry/"
HEARD = {
    "Vive en México": "bˈiβe en mˈexiko",
    "los mexicanos de Oaxaca": "los mˌexikˈanos ðe oaxˈaka",
    "Xalapa y Texas": "xalˈapa i tˈexas",
    "Ximena Ximénez": "ximˈena ximˈenes",
    "el Wi-Fi": "el wˈifi",
    "YouTube": "ʝutˈub",
    "WhatsApp": "ɡwatsˈap",
    "Spotify": "espˈotifaɪ",
    "Minecraft": "mˈainkɾaft",
    "Netflix": "nˈetfliks",
    "pizza": "pˈitsa",
    "un hot dog": "ˈun xˈot ðˈoɡ",
    "Harry": "xˈari",
    "Michael": "mˈaikol",
    "Toy Story": "tˈoɪ estˈoɾi",
}
"""Phonemes of eSpeak NG for the respellings, in Latin America."""


def table(lang: str = "es") -> PronunciationTable:
    entries = PronunciationEntry.objects.order_by("lang", "pk")
    return PronunciationTable(each.value for each in entries if each.fits(lang))


def test_starter_entries_are_valid() -> None:
    entries = list(PronunciationEntry.objects.all())
    assert len(entries) > 100
    for entry in entries:
        entry.full_clean()


@pytest.mark.parametrize(("written", "phonemes"), HEARD.items())
def test_starter_entry_is_heard_as_in_latin_america(written: str, phonemes: str) -> None:
    phonemizer = pytest.importorskip("piper.phonemize_espeak").EspeakPhonemizer()
    said = pronounce_words(TrackedText.of(written), table()).text
    heard = "".join(phonemizer.phonemize("es-419", said)[0])
    plain = str.maketrans("", "", "ˈˌ")
    assert heard.translate(plain) == phonemes.translate(plain)


def test_starter_phonemes_are_known_to_voices() -> None:
    piper = pytest.importorskip("piper.phoneme_ids")
    with_phonemes = PronunciationEntry.objects.exclude(phonemes="")
    assert with_phonemes.filter(written="José").exists()
    for entry in with_phonemes:
        assert set(entry.phonemes) <= set(piper.DEFAULT_PHONEME_ID_MAP)


def test_deleted_starter_entry_stays_deleted() -> None:
    PronunciationEntry.objects.filter(written="Moxie").delete()
    call_command("migrate", verbosity=0)
    assert not PronunciationEntry.objects.filter(written="Moxie").exists()


def test_entry_is_tidied_and_folded() -> None:
    entry = PronunciationEntry.objects.create(
        lang="ES_mx", written=" Xia  dani ", said=" shia  dani", phonemes="[[ʃiaˈðani]]"
    )
    assert (entry.lang, entry.written, entry.folded) == ("es-mx", "Xia dani", "xia dani")
    assert (entry.said, entry.phonemes) == ("shia dani", "ʃiaˈðani")


def test_phonemes_alone_are_enough() -> None:
    entry = PronunciationEntry(written="Xiadani", phonemes="ʃiaˈðani")
    entry.full_clean()
    assert entry.value.said == "Xiadani"


def test_second_entry_for_a_word_is_refused() -> None:
    PronunciationEntry.objects.create(written="Xiadani", said="shiadani")
    PronunciationEntry(lang="en", written="Xiadani", said="shiadani").full_clean()
    with pytest.raises(ValidationError, match="already"):
        PronunciationEntry(written="XIADANI", said="siadani").full_clean()


def test_region_wins_over_language() -> None:
    PronunciationEntry.objects.create(lang="es-MX", written="Xela", said="shela")
    PronunciationEntry.objects.create(lang="es", written="Xela", said="jela")
    text = TrackedText.of("Xela")
    assert pronounce_words(text, table("es-MX")).text == "Shela"
    assert pronounce_words(text, table("es-ES")).text == "Jela"
    assert pronounce_words(text, table("en")).text == "Xela"


def test_every_change_changes_the_version() -> None:
    versions = [PronunciationEntry.objects.version()]
    entry = PronunciationEntry.objects.create(written="Xela", said="shela")
    versions.append(PronunciationEntry.objects.version())
    entry.said = "jela"
    entry.save()
    versions.append(PronunciationEntry.objects.version())
    entry.delete()
    versions.append(PronunciationEntry.objects.version())
    assert len(set(versions)) == 3 and versions[0] == versions[3]


def test_admin_adds_searches_and_explains(visitor: Client) -> None:
    visitor.force_login(User.objects.create_superuser("keeper"))
    answer = visitor.post(f"{LIST}add/", {"lang": "es", "written": "Xiadani", "said": "siadani"})
    assert answer.status_code == 302
    page = visitor.get(LIST, {"q": "xiada"})
    assert [each.written for each in page.context["cl"].result_list] == ["Xiadani"]
    again = visitor.post(f"{LIST}add/", {"lang": "es", "written": "xiadani", "said": "siadani"})
    assert "This word has a pronunciation already." in again.content.decode()
