"""The voices as the pages and the API show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language_info, gettext, gettext_noop

from ttsmirror.models import Utterance
from ttsmirror.reasons import as_json, reason_of
from ttsmirror.text import language_tag
from ttsmirror.translations import translate
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.models import VoiceSetting
from ttsmonitor.service.voice_installs import Install, installer
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.speaking.voice_choice import request_in
from ttsmonitor.synthesis.base import EngineConfig
from ttsmonitor.synthesis.choice import choose_voice, installed_voices
from ttsmonitor.synthesis.piper.catalogue import NAME, QUALITIES, PublishedVoice
from ttsmonitor.synthesis.piper.download import importable_voices
from ttsmonitor.synthesis.registry import FALLBACK
from ttsmonitor.synthesis.voice import Voice

REGIONS = {
    "AR": gettext_noop("Argentina"),
    "ES": gettext_noop("Spain"),
    "GB": gettext_noop("United Kingdom"),
    "MX": gettext_noop("Mexico"),
    "US": gettext_noop("United States"),
}
SAMPLES = {
    "en": "Hello, I am Moxie. What shall we do today?",
    "es": "Hola, soy Moxie. ¿Qué hacemos hoy?",
}
"""A sentence in each language, not in the visitor's, to try a voice with."""


def whole() -> dict[str, Any]:
    """Return everything that the page of voices shows."""
    config, settings = engine_config(), list(VoiceSetting.objects.all())
    installed = installed_voices(config)
    langs = languages(installed, settings)
    speaking = [_language(lang, settings, config) for lang in langs]
    names = {voice.name for voice in installed}
    directory = conf.path("TTS_VOICE_IMPORT_DIR")
    return {
        "languages": speaking,
        "installed": [
            _installed(voice, langs, settings, config)
            for voice in installed
            if voice.engine != FALLBACK.name
        ],
        "catalogue": [
            _published(voice, names)
            for voice in sorted(installer.catalogue.values(), key=_order)
            if _primary(voice.lang) in langs
        ],
        "installs": [_install(each) for each in installer.installs()],
        "importable": [
            {"name": name, "error": translate(error)}
            for name, error in importable_voices(directory)
            if name not in names
        ],
        "import_directory": str(directory),
        "source": conf.TTS_VOICE_SOURCE,
        "engine": conf.TTS_ENGINE,
    }


def languages(installed: Iterable[Voice], settings: Iterable[VoiceSetting]) -> list[str]:
    """Return the languages to show, the main one first."""
    named = [conf.TTS_LANG, *conf.TTS_LANGUAGES.split(",")]
    named += [lang for voice in installed for lang in voice.langs[:1]]
    named += [setting.lang for setting in settings]
    return list(dict.fromkeys(filter(None, (_primary(each.strip()) for each in named))))


def language_title(lang: str) -> str:
    """Return the name of a language in the visitor's; its code if it is unknown."""
    try:
        return str(get_language_info(lang)["name_translated"])
    except KeyError:
        return lang


def _speaks_then(voice: Voice, lang: str) -> str:
    """Return the label of who speaks `lang` after the removal of `voice`."""
    settings = [each for each in VoiceSetting.objects.all() if each.voice != voice.name]
    try:
        request = request_in(lang, _utterance(), settings)
        return str(choose_voice(engine_config(), request, {voice: "removed"}).label)
    except SynthesisError:
        return ""


def _language(lang: str, settings: list[VoiceSetting], config: EngineConfig) -> dict[str, Any]:
    chosen = next((each for each in settings if _is_for(each, lang)), VoiceSetting(lang=lang))
    row = {
        "lang": lang,
        "title": language_title(lang),
        "voice": chosen.voice,
        "speaker": chosen.speaker,
        "speed": chosen.speed,
        "volume": chosen.volume,
        "sample": SAMPLES.get(lang, "Moxie"),
    }
    try:
        choice = choose_voice(config, request_in(lang, _utterance(), settings))
    except SynthesisError as exc:
        return row | {"speaks": "", "is_natural": False, "remark": translate(reason_of(exc))}
    return row | {
        "speaks": str(choice.label),
        "is_natural": choice.voice.engine != FALLBACK.name,
        "remark": translate(choice.remark),
    }


def _installed(
    voice: Voice, langs: list[str], settings: list[VoiceSetting], config: EngineConfig
) -> dict[str, Any]:
    now = _spoken_now(voice, langs, settings, config)
    model = getattr(voice, "model", None)
    published = NAME.fullmatch(voice.name)
    return {
        "name": voice.name,
        "engine": voice.engine,
        "title": voice.title or _title(voice.name),
        "langs": [lang for lang in langs if voice.reads(lang)],
        "region": _region(published["lang"]) if published else "",
        "quality": published["quality"] if published else "",
        "speakers": _speakers(voice),
        "size_bytes": model.stat().st_size if isinstance(model, Path) else 0,
        "is_removable": isinstance(model, Path),
        "speaks_now": now,
        "speaks_then": " ".join(removal_warning(voice, lang) for lang in now),
    }


def removal_warning(voice: Voice, lang: str) -> str:
    """Say who speaks a language after the removal of the voice that speaks it now."""
    then, title = _speaks_then(voice, lang), language_title(lang)
    if not then:
        return gettext("Then no voice speaks {language}.").format(language=title)
    return gettext("Then {voice} speaks {language}.").format(voice=then, language=title)


def speaks_now(voice: Voice) -> list[str]:
    """Return the languages whose next sentence this voice speaks."""
    config, settings = engine_config(), list(VoiceSetting.objects.all())
    langs = languages(installed_voices(config), settings)
    return _spoken_now(voice, langs, settings, config)


def _spoken_now(
    voice: Voice, langs: list[str], settings: list[VoiceSetting], config: EngineConfig
) -> list[str]:
    """Return those of `langs` whose next sentence this voice speaks."""

    def speaks(lang: str) -> bool:
        try:
            return choose_voice(config, request_in(lang, _utterance(), settings)).voice == voice
        except SynthesisError:
            return False

    return [lang for lang in langs if voice.reads(lang) and speaks(lang)]


def _published(voice: PublishedVoice, installed: set[str]) -> dict[str, Any]:
    return {
        "name": voice.name,
        "lang": voice.lang,
        "title": _title(voice.name),
        "region": _region(voice.lang),
        "quality": voice.quality,
        "speakers": voice.speakers,
        "size_bytes": voice.size_bytes,
        "licence": _licence(voice.licence),
        "card_url": f"{conf.TTS_VOICE_SOURCE.rstrip('/')}/{voice.card_path}",
        "is_recommended": voice.is_recommended,
        "is_installed": voice.name in installed,
    }


def _order(voice: PublishedVoice) -> tuple[bool, int, str]:
    """Sort key: the recommended voices first, then by quality and name."""
    return not voice.is_recommended, QUALITIES.index(voice.quality), voice.name


def _licence(licence: str) -> str:
    known = {
        "public domain": gettext("public domain"),
        "research only": gettext("for research only"),
    }
    return known.get(licence, licence)


def _install(install: Install) -> dict[str, Any]:
    return {
        "name": install.name,
        "state": install.state,
        "fetched_bytes": install.fetched_bytes,
        "total_bytes": install.total_bytes,
        "error": translate(install.error),
        "reason": as_json(install.error),
    }


def _utterance() -> Utterance:
    now = timezone.now()
    return Utterance(text="", published_at=now, received_at=now)


def _is_for(setting: VoiceSetting, lang: str) -> bool:
    """Return True for the setting of a language alone, which the page changes."""
    return not (setting.source or setting.device_id) and language_tag(setting.lang) == lang


def _primary(lang: str) -> str:
    return language_tag(lang).partition("-")[0]


def _region(lang: str) -> str:
    code = lang.partition("_")[2]
    return gettext(REGIONS[code]) if code in REGIONS else code


def _title(name: str) -> str:
    """Return the name for people: es_MX-claude-high is Claude."""
    published = NAME.fullmatch(name)
    return name.split("-")[1].replace("_", " ").title() if published else name


def _speakers(voice: Voice) -> list[str]:
    """Return the names of the speakers, by their numbers; none if there is one only."""
    if voice.speakers < 2:
        return []
    names = [str(number) for number in range(voice.speakers)]
    config: Mapping[str, Any] = getattr(voice, "config", {})
    listed = config.get("speaker_id_map")
    for name, number in listed.items() if isinstance(listed, Mapping) else ():
        if isinstance(number, int) and 0 <= number < voice.speakers:
            names[number] = str(name)
    return names
