"""Short utterances of one robot that wait together are spoken without a pause between them.

Each stays an utterance of its own: with its row, its times and its outcome, and it can be skipped.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from itertools import pairwise

from ttsmirror.models import Utterance
from ttsmirror.text import speakable
from ttsmonitor.conf import conf
from ttsmonitor.speaking.voice_choice import request_for
from ttsmonitor.synthesis.base import SpeechRequest

MEMBERS = 20
"""Of one breath, at most: more than that nobody says without taking the next one."""

Breath = dict[uuid.UUID, SpeechRequest]
"""What is asked of the voice for each, in the order in which they are spoken."""


def breath_of(first: Utterance, request: SpeechRequest) -> Breath:
    """`first` and what is said in one breath with it, TTS_BREATH_CHARACTERS at most in all."""
    members = {first.pk: request}
    left = conf.TTS_BREATH_CHARACTERS - len(request.text)
    if left <= 0:
        return members
    for utterance in Utterance.objects.speakable_now().exclude(pk=first.pk)[:MEMBERS]:
        following = request_for(utterance, speakable(utterance.text))
        left -= len(following.text)
        if left < 0 or not _fits(utterance, following, first, request):
            break
        members[utterance.pk] = following
    for pk, _following in pairwise(members):
        members[pk] = replace(members[pk], runs_on=True)
    return members


def _fits(
    utterance: Utterance, following: SpeechRequest, first: Utterance, request: SpeechRequest
) -> bool:
    """Is it said by the same robot in the same manner, and is there something to say now?"""
    is_alike = replace(following, text=request.text) == request
    is_with_it = (utterance.device_id, utterance.priority) == (first.device_id, first.priority)
    is_whole = bool(following.text) and not utterance.is_streaming
    return is_alike and is_with_it and is_whole and not utterance.is_stale(conf.TTS_TTL)


class Breathing:
    """What is asked of the voice, utterance by utterance."""

    def __init__(self) -> None:
        self._left: Breath = {}  # of the present breath

    def requests(
        self, utterance: Utterance, words: str
    ) -> tuple[SpeechRequest, SpeechRequest | None]:
        """What to ask the voice for, and what it is asked for next if nothing comes between."""
        if utterance.is_streaming:
            return request_for(utterance, words), None
        if utterance.pk not in self._left:
            self._left = breath_of(utterance, request_for(utterance, words))
        request = self._left.pop(utterance.pk)
        return request, next(iter(self._left.values()), None)
