"""The JSON API of the favourite phrases."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from hive.api.robots import read_speech
from hive.events import push_favourites
from hive.models import FAVOURITE_CHARACTERS, Favourite
from hive.puppet.favourites import kept
from ttsmonitor.web.jsonapi import InvalidRequestError, endpoint, read_object


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
