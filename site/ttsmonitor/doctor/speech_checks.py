"""The checks of voice and sound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, DatabaseError

from ttsmirror.reasons import Reason, reason_of
from ttsmirror.wire.messages import SPEECH_COMPONENT
from ttsmonitor.audio.devices import list_devices
from ttsmonitor.audio.outputs import is_for_device
from ttsmonitor.conf import conf
from ttsmonitor.doctor.base import Finding, fault, ok, skipped, warning
from ttsmonitor.doctor.component_checks import OF_SOUND, OF_VOICE
from ttsmonitor.doctor.relay import relay, remedy
from ttsmonitor.doctor.situation import Situation
from ttsmonitor.doctor.storage_checks import is_missing
from ttsmonitor.exceptions import AudioError, SynthesisError
from ttsmonitor.models import SoundSetting
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.choice import choose_voice, missing_voice
from ttsmonitor.synthesis.kokoro.provider import ENGINE as KOKORO
from ttsmonitor.synthesis.kokoro.provider import KokoroVoice
from ttsmonitor.synthesis.piper.catalogue import bundled_catalogue
from ttsmonitor.synthesis.piper.voices import InstalledVoice
from ttsmonitor.synthesis.registry import FALLBACK, allowed_providers, discovered
from ttsmonitor.synthesis.voice import Voice
from ttsmonitor.system.commands import manage_command, python_command, start_command

ELSEWHERE = Reason("the speech service is on another computer: run this there")
INSTALL_SOUND = "sudo apt install portaudio19-dev gcc python3-dev"


def look_at_voice(situation: Situation) -> Iterator[Finding]:
    """Check that there is a voice for the family's language, and that its files are whole."""
    if situation.is_speech_elsewhere:
        yield from _reported(situation, OF_VOICE)
        return
    reported = list(_reported(situation, OF_VOICE, or_else=False))
    yield from reported
    config = engine_config()
    try:
        voices = [*_default_voices(config), choose_voice(config, SpeechRequest("")).voice]
    except SynthesisError as exc:
        cause = reason_of(exc)
        yield fault(cause, remedy(cause) or _fetch_again(config.voice))
        return
    damaged = [each for each in map(_damage, dict.fromkeys(voices)) if each is not None]
    yield from damaged
    voice = voices[-1]
    if damaged or reported:
        return
    if voice.engine == FALLBACK.name and config.engine != FALLBACK.name:
        missing = missing_voice(config.lang, config)
        yield warning(
            Reason("eSpeak NG speaks: {cause}", cause=missing)
            if missing
            else Reason("eSpeak NG speaks"),
            remedy(missing),
        )
    else:
        yield ok(Reason("{voice} is installed and whole", voice=voice.name))


def look_at_engines(situation: Situation) -> Iterator[Finding]:
    """Check that the engines that other packages bring can be used."""
    if situation.is_speech_elsewhere:
        yield skipped(ELSEWHERE)
        return
    found = discovered()
    for reason in found.left_out:
        package = getattr(reason, "params", {}).get("package", "")
        yield warning(reason, python_command(f"-m pip uninstall {package}"))
    if not found.left_out:
        names = ", ".join(provider.name for provider in found.providers)
        yield ok(Reason("these engines can speak: {names}", names=names))


def look_at_sound(situation: Situation) -> Iterator[Finding]:
    """Check that the speech service has a sound device, or that it would have one."""
    if situation.visit.pongs(SPEECH_COMPONENT):
        yield from _reported(situation, OF_SOUND)
        return
    if not is_for_device(conf.TTS_AUDIO):
        yield ok(Reason("TTS_AUDIO={output} uses no sound device", output=conf.TTS_AUDIO))
        return
    is_needed = "auto" not in conf.TTS_AUDIO
    bad = fault if is_needed else warning
    if find_spec("pyaudio") is None:
        yield bad(
            Reason(
                "PyAudio is not installed, so only browsers play: install PortAudio, then start"
                " again"
            ),
            f"{INSTALL_SOUND} && {start_command('tts')}",
        )
        return
    try:
        names = [each.name for each in list_devices()]
    except AudioError as exc:
        yield bad(reason_of(exc))
        return
    wanted = _wanted_device()
    if not names:
        yield bad(Reason("there is no sound device: plug one in, or listen in a browser"))
    elif wanted and not wanted.isdigit() and not _is_among(wanted, names):
        yield fault(
            Reason(
                "there is no sound device {wanted}; there are: {names}",
                wanted=wanted,
                names=", ".join(names),
            )
        )
    else:
        yield ok(Reason("sound device: {name}", name=wanted or names[0]))


def _reported(situation: Situation, check: str, *, or_else: bool = True) -> Iterator[Finding]:
    """Yield what the running speech service says; that it works only if `or_else`."""
    pongs = situation.visit.pongs(SPEECH_COMPONENT)
    failing = [each for pong in pongs for each in relay(pong, only=(check,))]
    yield from failing
    if not failing and or_else:
        yield ok(Reason("the speech service uses it")) if pongs else skipped(ELSEWHERE)


def _wanted_device() -> str:
    if conf.TTS_AUDIO_DEVICE or is_missing(DEFAULT_DB_ALIAS):
        return conf.TTS_AUDIO_DEVICE
    try:
        return SoundSetting.current().device
    except DatabaseError:
        return ""  # the check of the database reports it


def _is_among(wanted: str, names: list[str]) -> bool:
    return any(wanted.lower() in name.lower() for name in names)


def _default_voices(config: EngineConfig) -> Iterator[Voice]:
    """Yield the default voice of each engine that may speak.

    One that is not installed is left out: another voice speaks then. Raises SynthesisError for one
    that is broken.
    """
    for provider in allowed_providers(config.engine):
        try:
            voice = provider.default_voice(config)
        except SynthesisError as exc:
            if type(exc) is SynthesisError:
                raise
            continue
        if voice is not None:
            yield voice


def _damage(voice: Voice) -> Finding | None:
    """Return what is wrong with the files of a voice; None if nothing is known to be."""
    if isinstance(voice, KokoroVoice) and not is_whole(voice.model_file):
        return fault(
            Reason("{path} is incomplete: fetch it again", path=str(voice.model_file)),
            manage_command(f"download_voice {KOKORO}"),
        )
    if not isinstance(voice, InstalledVoice):
        return None
    if not is_whole(voice.model):
        return fault(
            Reason("{path} is incomplete: fetch it again", path=str(voice.model)),
            _fetch_again(voice.name),
        )
    published = bundled_catalogue().get(voice.name)
    for file in published.files if published else ():
        path = voice.model.parent / file.name
        if path == voice.model and _md5(path) != file.checksum:
            return warning(
                Reason(
                    "{path} is not the published voice of this name: a changed or damaged file",
                    path=str(path),
                ),
                _fetch_again(voice.name),
            )
    return None


def is_whole(model: Path) -> bool:
    """Return False for an ONNX file that was cut off: a protobuf message, field after field."""
    size = model.stat().st_size
    with model.open("rb") as file:
        position = 0
        while position < size:
            file.seek(position)
            head = file.read(20)
            try:
                tag, used = _varint(head)
                if tag & 7 == 0:
                    _number, more = _varint(head[used:])
                    position += used + more
                elif tag & 7 == 2:
                    length, more = _varint(head[used:])
                    position += used + more + length
                else:
                    return False  # an ONNX model has no other kinds of fields
            except ValueError:
                return False
    return size > 0 and position == size


def _varint(data: bytes) -> tuple[int, int]:
    """Return a protobuf number and its length in bytes. Raises ValueError."""
    number = 0
    for index, byte in enumerate(data[:10]):
        number |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return number, index + 1
    raise ValueError("no number")


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _fetch_again(name: str) -> str:
    return manage_command(f"download_voice {name} --force")
