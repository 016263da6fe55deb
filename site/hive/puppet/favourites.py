"""What can be said again with one click: what was said lately, and what is kept for good."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from hive.api import read_speech
from hive.events import push_favourites
from hive.models import FAVOURITE_CHARACTERS, Favourite
from ttsmonitor.web.jsonapi import InvalidRequestError, endpoint, read_object

RECENT = 12


def recent(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The different texts of these lines, newest first, each with the mood that it had last."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        mood, intensity = line["mood"] or "neutral", line["intensity"]
        phrase = {"text": line["text"], "mood": mood, "intensity": intensity}
        found.setdefault(line["text"], phrase)
    return list(found.values())[:RECENT]


def kept() -> list[dict[str, Any]]:
    """The favourites, newest first."""
    return [favourite.describe() for favourite in Favourite.objects.all()]


@endpoint("GET", "HEAD", "POST")
def favourites(request: HttpRequest) -> JsonResponse:
    """The favourites; a POST with `text` keeps one, and with `"kept": false` forgets it."""
    if request.method == "POST":
        _change(request.body)
        push_favourites(kept())
    return JsonResponse({"favourites": kept()})


def _change(body: bytes) -> None:
    speech, is_kept = read_speech(body), read_object(body).get("kept", True)
    if not isinstance(is_kept, bool):
        raise InvalidRequestError("invalid_kept", _("kept: give true or false."))
    if not is_kept:
        Favourite.objects.forget(speech.text)
        return
    if len(speech.text) > FAVOURITE_CHARACTERS:
        words = _("A favourite has {limit} characters at most.")
        raise InvalidRequestError("text_too_long", words.format(limit=FAVOURITE_CHARACTERS))
    Favourite.objects.keep(speech.text, speech.mood, speech.intensity)
