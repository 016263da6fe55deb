"""Tables of the speech service: quarantine, totals, API tokens, voice settings, retention."""

from ttsmonitor.models.quarantine import QuarantinedMessage as QuarantinedMessage
from ttsmonitor.models.tokens import ApiToken as ApiToken
from ttsmonitor.models.totals import HourTotal as HourTotal
from ttsmonitor.models.totals import Keeping as Keeping
from ttsmonitor.models.totals import Total as Total
from ttsmonitor.models.voice_settings import VoiceSetting as VoiceSetting
