"""Tables of the speech service: quarantine, tokens, voice settings, pronunciations, retention."""

from ttsmonitor.models.pronunciations import PronunciationEntry as PronunciationEntry
from ttsmonitor.models.quarantine import QuarantinedMessage as QuarantinedMessage
from ttsmonitor.models.retention import RetentionPolicy as RetentionPolicy
from ttsmonitor.models.tokens import ApiToken as ApiToken
from ttsmonitor.models.voice_settings import VoiceSetting as VoiceSetting
