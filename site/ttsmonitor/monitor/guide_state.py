"""The state of the guide: the steps that are done, and the fate of the first sentence."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from ttsmirror.models import Utterance
from ttsmirror.text import language_tag
from ttsmirror.translations import translate
from ttsmirror.wire.messages import PLUG_IN_COMPONENT
from ttsmonitor.conf import conf
from ttsmonitor.models import SetupGuide
from ttsmonitor.models.setup_guide import ROBOT, SOUND, STEPS, VOICE
from ttsmonitor.monitor import snapshot
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.speaking.streaming import STREAMING_COMPONENT
from ttsmonitor.synthesis.base import AUTO, SpeechRequest
from ttsmonitor.synthesis.choice import choose_voice
from ttsmonitor.web.translations import reason_text

HELLO = {"es": "Hola, soy Moxie", "en": "Hi, I'm Moxie"}
"""The first sentence in each language of the pages."""
SENT = "sent"
"""The status of a sentence that has not arrived yet."""
NEUTRAL_OUTCOMES = (Utterance.Status.RECEIVING, Utterance.Status.QUEUED, Utterance.Status.PLAYING)


def languages(guide: SetupGuide) -> list[str]:
    """Return the languages that Moxie speaks at home, that of TTS_LANG first."""
    known = [code for code, _name in settings.LANGUAGES]
    own = language_tag(conf.TTS_LANG).partition("-")[0]
    default = [own] if own in known else known[:1]
    chosen = [code for code in guide.languages.split(",") if code in known] or default
    return sorted(chosen, key=lambda code: code != own)


def done(guide: SetupGuide) -> list[str]:
    """Return the steps that are done, in their order."""
    found = set(guide.done)
    found.discard(VOICE)  # a voice may have been removed since
    if has_natural_voice(guide):
        found.add(VOICE)
    if snapshot.is_online(PLUG_IN_COMPONENT):
        found.add(ROBOT)
    return [step for step in STEPS if step in found]


def has_natural_voice(guide: SetupGuide) -> bool:
    """Return True if each language that Moxie speaks has a voice other than eSpeak NG's."""
    config = replace(engine_config(), engine=AUTO)
    chosen = (choose_voice(config, SpeechRequest("", lang=lang)) for lang in languages(guide))
    return not any(choice.is_fallback for choice in chosen)


def seen() -> dict[str, bool]:
    """Return what is at the broker."""
    return {
        "broker": bool(snapshot.status()["broker"]["connected"]),
        "hive": snapshot.is_online(STREAMING_COMPONENT),
        "openmoxie": snapshot.is_online(PLUG_IN_COMPONENT),
    }


def first_sentence(utterance_id: uuid.UUID) -> dict[str, Any]:
    """Return how far the first sentence came, and what keeps it from being heard."""
    row = Utterance.objects.filter(pk=utterance_id).first()
    status = row.status if row is not None else SENT
    return {"status": status, "obstacles": [*_failures(row), *_obstacles()]}


def _failures(row: Utterance | None) -> list[dict[str, Any]]:
    """Return why the sentence was not spoken, if it is over."""
    if row is None or row.status in (*NEUTRAL_OUTCOMES, Utterance.Status.SPOKEN):
        return []
    why = reason_text({"error": row.error, "reason": row.reason}, "error")
    said = _("It was not spoken: {why}").format(why=why or row.get_status_display())
    return [{"text": said, **_page(VOICE)}]


def _obstacles() -> list[dict[str, Any]]:
    """Return what silences the loudspeaker now, each with what mends it."""
    status, checks = snapshot.status(), snapshot.health()["checks"]
    found = []
    if error := status["broker"]["error"]:
        said = _("The broker cannot be reached: {error}").format(error=translate(error))
        found.append({"text": said, **_mend()})
    if status["paused"]:
        found.append({"text": _("Moxie is paused."), **_mend("resume", _("Resume"))})
    if status["muted"]:
        found.append({"text": _("Moxie is muted."), **_mend("unmute", _("Unmute"))})
    elif status["volume"] == 0:
        found.append({"text": _("The volume is 0."), **_mend("volume", _("Turn it up"), 1.0)})
    for name, step in (("synthesis", VOICE), ("audio", SOUND)):
        check = checks.get(name)
        if check is not None and not check["ok"]:
            found.append({"text": reason_text(check, "detail"), **_page(step)})
    if status["output"] == "null":
        found.append({"text": _("The sound goes nowhere: TTS_AUDIO=null is set."), **_page(SOUND)})
    return found


def _mend(action: str = "", label: str = "", value: float | None = None) -> dict[str, Any]:
    return {"action": action, "label": label, "value": value, "url": ""}


def _page(step: str) -> dict[str, Any]:
    label = _("Choose a voice") if step == VOICE else _("Check the sound")
    return _mend(label=label) | {"url": reverse(f"setup-{step}")}
