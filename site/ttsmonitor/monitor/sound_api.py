"""The JSON API of the sound device: choose it, and play a test tone."""

from __future__ import annotations

from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ttsmirror.reasons import as_json
from ttsmirror.translations import translate
from ttsmonitor.audio.devices import Device, list_devices
from ttsmonitor.audio.outputs import is_for_browsers, is_for_device
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import AudioError
from ttsmonitor.models import Scope, SoundSetting
from ttsmonitor.monitor import snapshot
from ttsmonitor.monitor import voice_schemas as schemas
from ttsmonitor.monitor.speech_errors import running_service
from ttsmonitor.service import service
from ttsmonitor.service.sound import fixed_settings
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import JsonRouter

router = JsonRouter()

PREROLLS_MS = (0, 150, 300, 500, 1000, 2000)
"""Lengths of silence that the page offers, in milliseconds."""
TONE_SECONDS = 8.0
"""Seconds to wait until the test tone was played: a sentence may be spoken before it."""


@router.read(
    "/sound", schemas.Sound, gettext_noop("The sound device, and those that can be chosen")
)
def sound(request: HttpRequest) -> dict[str, Any]:
    """Return the sound device, and those that can be chosen."""
    return whole()


@router.write(
    "/sound",
    schemas.Sound,
    gettext_noop("Choose the sound device, for the next sentence"),
    operation_id="choose_sound",
    example={"device": "pulse", "preroll_ms": 0},
    method="PUT",
)
@needs(Scope.ADMIN)
def choose(request: HttpRequest, given: schemas.SoundChoice) -> dict[str, Any]:
    """Store the device; a setting of the environment goes on to win over it."""
    setting = SoundSetting.current()
    setting.device, setting.preroll_ms = given.device, given.preroll_ms
    setting.save()
    if (running := service.current()) is not None:
        running.follow_sound_setting()
    return whole()


@router.write(
    "/sound/tone",
    schemas.Played,
    gettext_noop("Play a test tone"),
    operation_id="play_tone",
)
@needs(Scope.SPEAK)
def tone(request: HttpRequest) -> dict[str, Any]:
    """Play the test tone, and tell whether that worked."""
    try:
        problem = running_service().play_test_tone().result(TONE_SECONDS)
    except FutureTimeoutError:
        detail = _("Moxie is speaking. The tone sounds after that.")
        return {"ok": False, "detail": detail}
    return {"ok": not problem, "detail": translate(problem)}


def whole() -> dict[str, Any]:
    """Return the sound device, and those that can be chosen; finding them takes a moment."""
    return brief() | {"devices": [vars(each) for each in _devices()]}


def brief() -> dict[str, Any]:
    """Return the sound device."""
    setting, status = SoundSetting.current(), snapshot.status()
    check = snapshot.health()["checks"].get("audio") or snapshot.failed_check()
    error = "" if check["ok"] else check["detail"]
    return {
        "output": status["output"],
        "title": _title(status["output"]),
        "error": translate(error),
        "reason": as_json(error),
        "has_device": is_for_device(conf.TTS_AUDIO),
        "has_browsers": is_for_browsers(conf.TTS_AUDIO),
        "device": conf.TTS_AUDIO_DEVICE or setting.device,
        "preroll_ms": conf.TTS_PREROLL_MS or setting.preroll_ms,
        "fixed": fixed_settings(),
        "prerolls": sorted({*PREROLLS_MS, conf.TTS_PREROLL_MS or setting.preroll_ms}),
        "muted": status["muted"],
        "volume": status["volume"],
    }


def _title(output: str) -> str:
    """Return the name of an output for people: `pyaudio: pulse, browser` plays on pulse."""
    names = {
        "browser": _("the browsers that listen"),
        "wav": _("files"),
        "null": _("nowhere (TTS_AUDIO)"),
    }
    shown = []
    for part in output.split(", "):
        kind, _colon, device = part.partition(": ")
        if device == "default":  # what ALSA calls it
            device = _("the system's default device")
        shown.append(names.get(kind) or device or part)
    return ", ".join(shown)


def _devices() -> list[Device]:
    try:
        return list_devices()
    except AudioError:
        return []
