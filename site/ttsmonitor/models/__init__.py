"""Tables of the speech service, but for the utterances, which the mirror has."""

from ttsmonitor.models.household import Household as Household
from ttsmonitor.models.household import RobotName as RobotName
from ttsmonitor.models.login_links import LoginLink as LoginLink
from ttsmonitor.models.pronunciations import PronunciationEntry as PronunciationEntry
from ttsmonitor.models.quarantine import QuarantinedMessage as QuarantinedMessage
from ttsmonitor.models.retention import RetentionPolicy as RetentionPolicy
from ttsmonitor.models.sound import SoundSetting as SoundSetting
from ttsmonitor.models.tokens import ApiToken as ApiToken
from ttsmonitor.models.tokens import Scope as Scope
from ttsmonitor.models.translation import TranslatedSentence as TranslatedSentence
from ttsmonitor.models.translation import TranslationPrompt as TranslationPrompt
from ttsmonitor.models.voice_settings import VoiceSetting as VoiceSetting
