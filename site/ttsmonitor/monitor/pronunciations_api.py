"""The JSON API of the table of pronunciations. Changing it needs the same rights as the admin."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import P, PathEx, Query

from ttsmirror.wire.fields import format_time
from ttsmonitor.models import PronunciationEntry, Scope
from ttsmonitor.monitor import schemas
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import JsonRouter
from ttsmonitor.web.jsonapi import InvalidRequestError

router = JsonRouter()

EXAMPLE = {"lang": "es", "written": "Xiadani", "said": "siadani"}
EntryId = PathEx[int, P(description=gettext_noop("Its id."), example=7)]


@router.read(
    "/pronunciations",
    schemas.Pronunciations,
    gettext_noop("How words are said that are not read as they are written"),
)
def pronunciations(
    request: HttpRequest, query: Query[schemas.PronunciationsQuery]
) -> dict[str, Any]:
    """Return the table, of one language or of all."""
    entries = PronunciationEntry.objects.all()
    if query.lang:
        entries = entries.filter(lang=query.lang.lower())
    return {"pronunciations": [_serialize(entry) for entry in entries]}


@router.write(
    "/pronunciations",
    {201: schemas.Pronunciation},
    gettext_noop("Add a word and how it is said"),
    operation_id="add_pronunciation",
    example=EXAMPLE,
)
@needs(Scope.ADMIN, "ttsmonitor.add_pronunciationentry")
def add(request: HttpRequest, given: schemas.PronunciationBody) -> dict[str, Any]:
    """Add an entry; it is heard in the next sentence."""
    return _save(PronunciationEntry(), given)


@router.write(
    "/pronunciations/{int:entry_id}",
    schemas.Pronunciation,
    gettext_noop("Change how a word is said"),
    operation_id="change_pronunciation",
    example=EXAMPLE,
    errors=["not_found"],
    method="PUT",
)
@needs(Scope.ADMIN, "ttsmonitor.change_pronunciationentry")
def change(
    request: HttpRequest, entry_id: EntryId, given: schemas.PronunciationBody
) -> dict[str, Any]:
    """Replace an entry; it is heard in the next sentence."""
    return _save(_entry(entry_id), given)


@router.remove(
    "/pronunciations/{int:entry_id}",
    schemas.Pronunciation,
    gettext_noop("Delete a word from the table"),
    operation_id="delete_pronunciation",
    errors=["not_found"],
)
@needs(Scope.ADMIN, "ttsmonitor.delete_pronunciationentry")
def delete(request: HttpRequest, entry_id: EntryId) -> dict[str, Any]:
    """Delete an entry and return it."""
    entry = _entry(entry_id)
    answer = _serialize(entry)
    entry.delete()
    return answer


def _entry(pk: int) -> PronunciationEntry:
    if (entry := PronunciationEntry.objects.filter(pk=pk).first()) is None:
        raise InvalidRequestError("not_found", _("There is no such pronunciation."), 404)
    return entry


def _save(entry: PronunciationEntry, given: schemas.PronunciationBody) -> dict[str, Any]:
    for name, value in given.model_dump().items():
        setattr(entry, name, value)
    try:
        entry.full_clean()
        entry.save()
    except ValidationError as exc:
        raise InvalidRequestError("bad_request", _in_words(exc)) from exc
    except IntegrityError as exc:  # somebody else was quicker
        detail = _("This word has a pronunciation already.")
        raise InvalidRequestError("bad_request", detail) from exc
    return _serialize(entry)


def _in_words(error: ValidationError) -> str:
    """Return each message after the name of its field."""
    return " ".join(
        f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items()
    )


def _serialize(entry: PronunciationEntry) -> dict[str, Any]:
    return {
        "id": entry.pk,
        "lang": entry.lang,
        "written": entry.written,
        "said": entry.said,
        "phonemes": entry.phonemes,
        "note": entry.note,
        "changed_at": format_time(entry.changed_at),
    }
