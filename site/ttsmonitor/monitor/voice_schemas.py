"""The types of the API of voices and sound."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_noop as _
from pydantic import Field

from ttsmonitor.models.sound import MOST_PREROLL_MS
from ttsmonitor.service.voice_installs import ACTIVE
from ttsmonitor.web.api import Body, OneOf, Part, ReasonOrNull, SpeechText

STATES = (*ACTIVE, "done", "failed", "cancelled")
LANG_HELP = _("Its language, such as es or en-GB.")


class LanguageVoice(Part):
    """How a language is spoken."""

    lang: str = Field(description=LANG_HELP)
    title: str = Field(description=_("The name of the language."))
    voice: str = Field(description=_("The chosen voice; empty: the default for the language."))
    speaker: int | None = Field(description=_("The chosen speaker of a voice with several."))
    speed: float = Field(description=_("1 is the voice's own speed, 2 is twice as fast."))
    volume: float = Field(description=_("1 is the voice's own volume, 0 is silence."))
    speaks: str = Field(description=_("The engine and voice that speak the next sentence."))
    is_natural: bool = Field(description=_("Whether that is another voice than eSpeak NG's."))
    remark: str = Field(description=_("Why another voice than the chosen one speaks."))
    sample: str = Field(description=_("A sentence to try a voice with."))


class InstalledVoice(Part):
    """A voice that is installed."""

    name: str
    engine: str
    title: str
    langs: list[str] = Field(description=_("The shown languages that it reads."))
    region: str
    quality: str
    speakers: list[str] = Field(description=_("The names of its speakers; empty if it has one."))
    size_bytes: int
    is_removable: bool
    speaks_now: list[str] = Field(description=_("The languages whose next sentence it speaks."))
    speaks_then: str = Field(description=_("Who speaks after its removal, as a sentence."))


class PublishedVoice(Part):
    """A voice of the catalogue."""

    name: str
    lang: str = Field(description=LANG_HELP)
    title: str
    region: str
    quality: str = Field(description=_("x_low, low, medium or high."))
    speakers: int
    size_bytes: int
    licence: str = Field(description=_("Its licence; empty: its model card tells."))
    card_url: str = Field(description=_("The address of its model card, with its licence."))
    is_recommended: bool
    is_installed: bool


class VoiceInstall(Part):
    """The installation of a voice."""

    name: str
    state: Annotated[str, OneOf(STATES)]
    fetched_bytes: int
    total_bytes: int
    error: str = Field(description=_("Why it failed."))
    reason: ReasonOrNull = None


class ImportableVoice(Part):
    """A voice whose files were copied to this computer."""

    name: str
    error: str = Field(description=_("What is wrong with its files."))


class Voices(Part):
    """The voices: chosen, installed and available."""

    languages: list[LanguageVoice]
    installed: list[InstalledVoice]
    catalogue: list[PublishedVoice]
    installs: list[VoiceInstall]
    importable: list[ImportableVoice]
    import_directory: str = Field(description=_("Where copied voices are looked for."))
    source: str = Field(description=_("The address from which voices are installed."))
    engine: str = Field(description=_("The only engine that may speak, by TTS_ENGINE; or auto."))


class VoiceChoice(Body):
    """How a language is to be spoken; the form of the voice settings checks it."""

    voice: str = Field("", description=_("The chosen voice; empty: the default for the language."))
    speaker: int | None = Field(
        None, description=_("The chosen speaker of a voice with several."), ge=0
    )
    speed: float = Field(1.0, description=_("1 is the voice's own speed, 2 is twice as fast."))
    volume: float = Field(1.0, description=_("1 is the voice's own volume, 0 is silence."))


class VoiceName(Body):
    """The name of a voice."""

    name: str = Field(max_length=100)


class Removal(Part):
    """The parameters of a removal."""

    confirmed: bool = Field(False, description=_("Remove it although it speaks a language."))


class Trial(Body):
    """A text to be heard in the browser."""

    text: SpeechText
    lang: str = Field("", max_length=35, description=LANG_HELP)
    voice: str = Field("", max_length=100, description=_("An installed voice, or espeak."))
    mood: str = Field("", max_length=32)


class SoundDevice(Part):
    """A sound device that can play."""

    name: str
    is_default: bool


class Sound(Part):
    """The sound output."""

    output: str = Field(description=_("The audio output."))
    title: str = Field(description=_("The same for people."))
    error: str = Field(description=_("Why it cannot play now."))
    reason: ReasonOrNull = None
    has_device: bool = Field(description=_("Whether TTS_AUDIO lets a sound device play."))
    has_browsers: bool = Field(description=_("Whether TTS_AUDIO lets browsers play."))
    device: str = Field(description=_("The chosen device; empty: the system's default."))
    preroll_ms: int = Field(
        description=_("Milliseconds of silence before the first sound after a quiet time.")
    )
    prerolls: list[int] = Field(description=_("The lengths of silence that the page offers."))
    fixed: dict[str, str] = Field(
        description=_("What a setting decides, with the name of that setting.")
    )
    devices: list[SoundDevice] = Field(description=_("The devices that can play."))
    muted: bool
    volume: float


class SoundChoice(Body):
    """The sound device to play on."""

    device: str = Field(
        "", max_length=256, description=_("The chosen device; empty: the system's default.")
    )
    preroll_ms: int = Field(0, ge=0, le=MOST_PREROLL_MS)


class Played(Part):
    """The outcome of the test tone."""

    ok: bool
    detail: str = Field(description=_("Why it was not played; else empty."))
