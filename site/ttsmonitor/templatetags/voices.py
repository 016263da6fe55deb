"""Template tags of the parts of pages about voices and sound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.translation import gettext as _

from ttsmonitor.models import Scope
from ttsmonitor.monitor import sound_api, voices_state
from ttsmonitor.synthesis.kokoro.provider import ENGINE as KOKORO
from ttsmonitor.system.commands import manage_command
from ttsmonitor.web.access import is_permitted

register = template.Library()


@register.simple_tag(takes_context=True)
def voices_part(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what settings/_voices.html draws: state and words for voices.js, and the scopes."""
    state = voices_state.whole()
    # Hugging Face shows the files of .../resolve/main on the page above it.
    files_url = state["source"].partition("/resolve/")[0]
    has_kokoro = any(voice["engine"] == KOKORO for voice in state["installed"])
    return {
        "state": state,
        "words": _voice_words(),
        "files_url": files_url,
        "kokoro_command": "" if has_kokoro else manage_command(f"download_voice {KOKORO}"),
    } | _scopes(context)


@register.simple_tag(takes_context=True)
def sound_part(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what settings/_sound.html draws: state and words for sound.js, and the scopes."""
    return {"state": sound_api.brief(), "words": _sound_words()} | _scopes(context)


def _scopes(context: Mapping[str, Any]) -> dict[str, bool]:
    request = context["request"]
    scopes = {"may_set": Scope.ADMIN, "may_speak": Scope.SPEAK, "may_control": Scope.CONTROL}
    return {name: is_permitted(request, scope) for name, scope in scopes.items()}


def _voice_words() -> dict[str, str]:
    """Return the sentences of voices.js in the visitor's language."""
    return {
        "high": _("best quality"),
        "medium": _("good quality"),
        "low": _("simple quality"),
        "x_low": _("for a slow computer"),
        "machine": _("understandable, but it sounds like a machine"),
        "speakers": _("{count} speakers"),
        "size": _("{count} MB"),
        "licence": _("Licence: {licence}"),
        "card": _("see its description"),
        "recommended": _("recommended"),
        "install": _("Install ({size})"),
        "waiting": _("Waiting for the other installation"),
        "fetching": _("{done} of {total}"),
        "checking": _("Checking the voice"),
        "done": _("Installed"),
        "failed": _("Not installed: {error}"),
        "cancelled": _("Cancelled"),
        "more": _("Show all {count} voices"),
        "speaks": _("{voice} speaks now."),
        "no_voice": _("So far Moxie has only a machine voice. Install a natural one below."),
        "only_machine": _("So far Moxie has only a machine voice."),
        "remove": _("Remove the voice {voice}?"),
        "again": _("You can install it again later."),
        "speed": "{count}×",
        "read": _("Read as: {words}"),
        "nothing": _("None of this is read aloud."),
        "queued": _("On its way to the loudspeaker."),
        "making": _("One moment…"),
        "kept": _("Saved. The next sentence sounds like this."),
        "copied": _("Install"),
        "done_list": _("The list is up to date."),
    }


def _sound_words() -> dict[str, str]:
    """Return the sentences of sound.js in the visitor's language."""
    return {
        "default": _("The system's default device"),
        "gone": _("{device} (not connected)"),
        "plays": _("Sound goes to: {output}"),
        "nowhere": _("No sound device works: {error}"),
        "kept": _("Saved. The next sound comes from there."),
        "tone": _("The tone was played. Did you hear it?"),
        "queued": _("On its way to the loudspeaker."),
        "no_devices": _("No sound device was found. Connect one, then search again."),
        "fixed": _("{setting} decides this; take it out of the settings to choose here."),
    }
