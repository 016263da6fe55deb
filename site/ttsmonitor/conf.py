"""Settings of the speech service and its monitor, beside those of the mirror."""

from __future__ import annotations

from ttsmirror.conf import AppSettings, MirrorSettings


class LanguageModelSettings(AppSettings):
    """The language model of the conversation, which may also translate."""

    HIVE_CHAT_URL: str = "http://localhost:11434/v1"
    """Address of an OpenAI-compatible endpoint; the default is Ollama's on this computer."""
    HIVE_CHAT_KEY: str = ""
    """Key for that endpoint; empty if it needs none."""
    HIVE_CHAT_MODEL: str = ""
    """Name of the language model; if empty, a small scripted companion answers."""


class SpeechSettings(MirrorSettings):
    """Settings of the speech service: those of the mirror and its own."""

    TTS_ENGINE: str = "auto"
    """The only engine that may speak: `piper`, `espeak` or one of another package. `auto`: the
    first with a voice of the text's language; Piper is asked first, eSpeak NG last."""
    TTS_VOICE: str = "es_ES-davefx-medium"
    """Name of the Piper voice; it reads texts in its own language only."""
    TTS_VOICE_DIR: str = "site/work/voices"
    """Directory of installed voices; a relative path starts at the project's root."""
    TTS_VOICE_SOURCE: str = "https://huggingface.co/rhasspy/piper-voices/resolve/main"
    """Address from which Piper voices are installed; below it are `voices.json` and the files."""
    TTS_VOICE_IMPORT_DIR: str = "site/work/new-voices"
    """Directory in which the pages look for voices that were copied to this computer."""
    PIPER_MODEL: str = ""
    """Path of a Piper voice (`.onnx`); takes precedence over TTS_VOICE."""
    TTS_LOADED_MB: int = 400
    """Megabytes of memory up to which voices stay loaded: 80, and 1.65 times a voice's file. The
    process may allocate 1500 more, or half of the computer's memory if that is less."""
    TTS_LANG: str = "es"
    """Language (BCP 47) of a text that neither names its own nor can be recognized. A Piper voice
    of that language reads it, else eSpeak NG."""
    TTS_LANGUAGES: str = "es,en"
    """Languages, with commas, between which a text that names none is recognized. A single one
    turns that off, and TTS_LANG counts."""
    TTS_TRANSLATE: bool = False
    """Translate what is not in the language of TTS_LANG before it is spoken."""
    TTS_TRANSLATE_ENGINE: str = "auto"
    """`openai` (a language model), `argos` (models of Argos Translate on this computer), or `auto`:
    the first of them that is set up."""
    TTS_TRANSLATE_URL: str = ""
    """Address of the OpenAI-compatible endpoint that translates; empty: HIVE_CHAT_URL."""
    TTS_TRANSLATE_KEY: str = ""
    """Key for that endpoint; empty: HIVE_CHAT_KEY, if the address is HIVE_CHAT_URL too."""
    TTS_TRANSLATE_MODEL: str = ""
    """Name of the language model that translates; empty: HIVE_CHAT_MODEL."""
    TTS_TRANSLATE_SECONDS: float = 3.0
    """Seconds that speech waits for a translation; then the original is spoken in its language."""
    TTS_ARGOS_DIR: str = "~/.local/share/argos-translate/packages"
    """Directory of the installed models of Argos Translate."""
    TTS_AUDIO: str = "auto"
    """`pyaudio`, `browser`, `wav`, `null`, several with commas, or `auto`: PyAudio if a device
    is, and browsers in any case."""
    TTS_AUDIO_DEVICE: str = ""
    """Name (or part of it) or index of the sound device; empty: the system's default."""
    TTS_PREROLL_MS: int = 0
    """Milliseconds of silence before the first sound after five quiet seconds, for a Bluetooth or
    HDMI loudspeaker that swallows the first syllable while it wakes up."""
    TTS_WAV_DIR: str = "site/work/wav"
    """Directory of the `wav` output, a file per utterance."""
    TTS_TTL: int = 120
    """Seconds after which a waiting sentence expires and is not spoken."""
    TTS_QUEUE_LIMIT: int = 500
    """Maximum number of sentences in the queue. Beyond it sentences are skipped: expired ones
    first, then the oldest, those of high priority last."""
    TTS_CACHE_MB: int = 256
    """Size of the sound cache on disk, in megabytes; repeated sentences start at once; 0: none."""
    TTS_CACHE_DIR: str = "site/work/sounds"
    """Directory of the sound cache."""
    TTS_CHUNK_WAIT_SECONDS: float = 5.0
    """Seconds to wait for a missing chunk before the others are spoken without it."""
    TTS_DRAIN_SECONDS: float = 8.0
    """Seconds that a stopping service takes at most to finish the sentence."""
    MOXIE_BACKUPS: int = 7
    """Number of nightly backups that are kept; 0: none is made."""
    MOXIE_BACKUP_DIR: str = "site/work/backups"
    """Directory of the nightly backups, better on another disk."""
    HA_DISCOVERY: bool = True
    """Announce Moxie to Home Assistant at the broker; 0 also removes an earlier announcement."""
    HA_DISCOVERY_PREFIX: str = "homeassistant"
    """First level of Home Assistant's discovery topics."""
    MQTT_ANONYMOUS: bool = True
    """The broker that we start lets clients of this computer in without an account, for moxie/#."""
    HTTP_HOST: str = "127.0.0.1"
    """Address the web servers listen on; `0.0.0.0` opens them to the network."""
    HTTP_PORT: int = 8787
    """Port of the monitor."""
    WYOMING: bool = False
    """Start `run_wyoming` together with the hive and the speech service."""
    WYOMING_HOST: str = "127.0.0.1"
    """Address on which the Wyoming server listens; `0.0.0.0` opens it to the network, without a
    login, and announces it there."""
    WYOMING_PORT: int = 10200
    """Port of the Wyoming server."""
    WYOMING_SERVICE_URL: str = ""
    """Address of the speech service from which the Wyoming server has its sound; empty: that of
    this computer."""
    WYOMING_TOKEN: str = ""
    """API token for that speech service, with the scopes read and speak; empty: the Wyoming server
    makes itself one, which needs the same database."""
    MOXIE_REQUIRE_LOGIN: bool = True
    """Pages and API need a login; 0 opens them to anybody who can reach the port."""


conf = SpeechSettings()
model_conf = LanguageModelSettings()
