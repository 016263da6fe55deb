"""The JSON API of the favourite phrases."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from hive.api import schemas
from hive.events import push_favourites
from hive.models import FAVOURITE_CHARACTERS, Favourite
from hive.puppet.favourites import kept
from ttsmonitor.models import Scope
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import JsonRouter
from ttsmonitor.web.jsonapi import InvalidRequestError

router = JsonRouter()


@router.read("/favourites", schemas.Favourites, gettext_noop("The saved phrases"))
def favourites(request: HttpRequest) -> dict[str, Any]:
    """Return the favourite phrases."""
    return {"favourites": kept()}


@router.write(
    "/favourites",
    schemas.Favourites,
    gettext_noop("Save a phrase, or delete it"),
    example={"text": "Hola", "mood": "happy"},
)
@needs(Scope.SPEAK)
def keep(request: HttpRequest, favourite: schemas.Favourite) -> dict[str, Any]:
    """Keep a phrase, or forget it, and return those that are left."""
    if not favourite.kept:
        Favourite.objects.forget(favourite.text)
    elif len(favourite.text) > FAVOURITE_CHARACTERS:
        detail = _("A favourite has {limit} characters at most.")
        raise InvalidRequestError("text_too_long", detail.format(limit=FAVOURITE_CHARACTERS))
    else:
        Favourite.objects.keep(favourite.text, favourite.mood, favourite.intensity)
    push_favourites(kept())
    return {"favourites": kept()}
