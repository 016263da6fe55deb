"""The JSON API of the voices: choose, try, install, remove. Changes need no restart."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import P, PathEx, Query

from ttsmirror.reasons import reason_of
from ttsmirror.text import language_tag
from ttsmirror.translations import translate
from ttsmirror.wire.fields import LANG, fits
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.models import Scope, VoiceSetting
from ttsmonitor.monitor import voice_schemas as schemas
from ttsmonitor.monitor import voices_state
from ttsmonitor.monitor.forms import VoiceSettingForm
from ttsmonitor.monitor.speech_errors import answered
from ttsmonitor.service import service
from ttsmonitor.service.voice_installs import installer
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.speaking.on_request import unsaved_utterance
from ttsmonitor.speaking.rendering import render
from ttsmonitor.synthesis.choice import find_voice
from ttsmonitor.synthesis.piper.catalogue import fetch_sample
from ttsmonitor.synthesis.piper.download import importable_voices, remove_voice
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import JsonRouter
from ttsmonitor.web.jsonapi import InvalidRequestError

router = JsonRouter()

NAME = {"name": "es_MX-claude-high"}


@router.read("/voices", schemas.Voices, gettext_noop("The voices: chosen, installed and available"))
def voices(request: HttpRequest) -> dict[str, Any]:
    """Return the voices: chosen, installed and available."""
    return voices_state.whole()


@router.write(
    "/voices/languages/{str:lang}",
    schemas.Voices,
    gettext_noop("Choose how a language is spoken, from the next sentence on"),
    operation_id="choose_voice",
    example={"voice": "es_MX-claude-high", "speaker": None, "speed": 1.0, "volume": 1.0},
    method="PUT",
)
@needs(Scope.ADMIN)
def choose(
    request: HttpRequest,
    lang: PathEx[str, P(description=schemas.LANG_HELP, example="es")],
    given: schemas.VoiceChoice,
) -> dict[str, Any]:
    """Store the voice setting of a language, or delete it where everything is the default."""
    tag = language_tag(lang)
    if not fits(tag, LANG):
        raise InvalidRequestError("bad_request", _("{lang} is not a language.").format(lang=lang))
    setting = VoiceSetting.objects.filter(source="", device_id="", lang=tag).first()
    form = VoiceSettingForm(
        given.model_dump() | {"source": "", "device_id": "", "lang": tag},
        instance=setting or VoiceSetting(lang=tag),
    )
    if not form.is_valid():
        problems = " ".join(str(each) for errors in form.errors.values() for each in errors)
        raise InvalidRequestError("bad_request", problems)
    _store(form.save(commit=False))
    _tell_service()
    return voices_state.whole()


@router.write(
    "/voices/install",
    {202: schemas.Voices},
    gettext_noop("Download a voice and install it, in the background"),
    operation_id="install_voice",
    example=NAME,
    errors=["not_found"],
)
@needs(Scope.ADMIN)
def install(request: HttpRequest, given: schemas.VoiceName) -> dict[str, Any]:
    """Begin an installation; `installs` of GET /api/voices tells how far it is."""
    if given.name not in installer.catalogue:
        raise _not_found()
    installer.download(given.name)
    return voices_state.whole()


@router.write(
    "/voices/import",
    {202: schemas.Voices},
    gettext_noop("Install a voice that was copied to this computer"),
    operation_id="import_voice",
    example=NAME,
    errors=["not_found"],
)
@needs(Scope.ADMIN)
def import_voice(request: HttpRequest, given: schemas.VoiceName) -> dict[str, Any]:
    """Begin to install a voice from TTS_VOICE_IMPORT_DIR."""
    directory = conf.path("TTS_VOICE_IMPORT_DIR")
    if given.name not in dict(importable_voices(directory)):
        raise _not_found()
    installer.take(directory / f"{given.name}.onnx")
    return voices_state.whole()


@router.read(
    "/voices/published/{str:name}/sample",
    "audio/mpeg",
    gettext_noop("The spoken sample of a voice that can be installed"),
    errors=["not_found"],
)
def sample(
    request: HttpRequest,
    name: PathEx[str, P(description=gettext_noop("Its name."), example="es_MX-claude-high")],
) -> HttpResponse:
    """Fetch the sample from the source: a browser may not ask there itself."""
    if (voice := installer.catalogue.get(name)) is None:
        raise _not_found()
    with answered("unreachable"):
        content = fetch_sample(voice, conf.TTS_VOICE_SOURCE)
    return HttpResponse(content, content_type="audio/mpeg")


@router.write(
    "/voices/cancel",
    schemas.Voices,
    gettext_noop("Cancel the installation of a voice"),
    operation_id="cancel_voice",
    example=NAME,
    errors=["not_found"],
)
@needs(Scope.ADMIN)
def cancel(request: HttpRequest, given: schemas.VoiceName) -> dict[str, Any]:
    """Cancel an installation; nothing of it stays."""
    if not installer.cancel(given.name):
        raise _not_found()
    return voices_state.whole()


@router.write(
    "/voices/refresh",
    schemas.Voices,
    gettext_noop("Fetch the newest list of voices"),
    operation_id="refresh_voices",
)
@needs(Scope.ADMIN)
def refresh(request: HttpRequest) -> dict[str, Any]:
    """Fetch the list of the source; without it the bundled one stays."""
    with answered("unreachable"):
        installer.refresh()
    return voices_state.whole()


@router.remove(
    "/voices/installed/{str:name}",
    schemas.Voices,
    gettext_noop("Remove an installed voice"),
    operation_id="remove_voice",
    errors=["not_found", "in_use"],
)
@needs(Scope.ADMIN)
def remove(
    request: HttpRequest,
    name: PathEx[str, P(description=gettext_noop("Its name."), example="es_MX-claude-high")],
    query: Query[schemas.Removal],
) -> dict[str, Any]:
    """Remove a voice; one that speaks a language only if that is confirmed."""
    try:
        voice = find_voice(name, engine_config())
    except SynthesisError as exc:
        raise _not_found() from exc
    spoken = voices_state.speaks_now(voice)
    if spoken and not query.confirmed:
        warnings = [voices_state.removal_warning(voice, lang) for lang in spoken]
        raise InvalidRequestError("in_use", " ".join(warnings), 409)
    try:
        remove_voice(name, conf.path("TTS_VOICE_DIR"))
    except VoiceNotFoundError as exc:
        raise _not_found() from exc
    except SynthesisError as exc:
        raise InvalidRequestError("bad_request", translate(reason_of(exc))) from exc
    installer.forget(name)
    for setting in VoiceSetting.objects.filter(voice=name):
        setting.voice, setting.speaker = "", None
        _store(setting)
    _tell_service()
    return voices_state.whole()


@router.write(
    "/voices/try",
    "audio/wav",
    gettext_noop("The sound of a text, to be heard in the browser"),
    operation_id="try_voice",
    example={"text": "Hola, soy Moxie.", "lang": "es"},
)
@needs(Scope.SPEAK)
def try_voice(request: HttpRequest, given: schemas.Trial) -> HttpResponse:
    """Return a WAV file of a text that is not put into the history."""
    utterance = unsaved_utterance(given.text, lang=given.lang, voice=given.voice, mood=given.mood)
    with answered("no_sound"):
        content = render(utterance, engine_config(), None)
    return HttpResponse(content, content_type="audio/wav")


def _tell_service() -> None:
    """Have the check of the voice show the one that speaks from now on."""
    if (running := service.current()) is not None:
        running.look_after_voices()


def _store(setting: VoiceSetting) -> None:
    """Save a setting; delete it where everything is the default."""
    chosen = (setting.voice, setting.speaker, setting.speed, setting.volume)
    if chosen == ("", None, 1.0, 1.0):
        VoiceSetting.objects.filter(pk=setting.pk).delete()
    else:
        setting.save()


def _not_found() -> InvalidRequestError:
    return InvalidRequestError("not_found", _("There is no such voice."), 404)
