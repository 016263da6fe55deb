"""Answers of the API where speech is not to be had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from ttsmirror.reasons import reason_of
from ttsmirror.translations import translate
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.service import service
from ttsmonitor.web.jsonapi import InvalidRequestError


def running_service() -> service.SpeechService:
    """Return the speech service of this process. Raises InvalidRequestError if there is none."""
    if (running := service.current()) is None:
        detail = _("The speech service does not run in this process.")
        raise InvalidRequestError("not_running", detail, 503)
    return running


@contextmanager
def answered(code: str) -> Iterator[None]:
    """Turn a SynthesisError into an answer with this code and its reason."""
    try:
        yield
    except SynthesisError as exc:
        raise InvalidRequestError(code, translate(reason_of(exc)), 503) from exc
