"""What is kept, by table: utterances and what is not confirmed of them, their totals, the keys of
programs, and which voice speaks.
"""

from ttsmonitor.models.tokens import ApiToken as ApiToken
from ttsmonitor.models.totals import HourTotal as HourTotal
from ttsmonitor.models.totals import Keeping as Keeping
from ttsmonitor.models.totals import Total as Total
from ttsmonitor.models.utterances import OutboxEntry as OutboxEntry
from ttsmonitor.models.utterances import QuarantinedMessage as QuarantinedMessage
from ttsmonitor.models.utterances import Utterance as Utterance
from ttsmonitor.models.utterances import UtteranceChunk as UtteranceChunk
from ttsmonitor.models.utterances import UtteranceQuerySet as UtteranceQuerySet
from ttsmonitor.models.voice_settings import VoiceSetting as VoiceSetting
