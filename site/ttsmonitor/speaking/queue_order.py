"""The order of the queue as people change it. It is stored with the waiting utterances.

Only waiting utterances have a turn, so nothing moves into the middle of the current one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason

REMOVED = Reason("removed from the queue")


@dataclass(frozen=True)
class Place:
    """A position: higher ranks first, then by turn."""

    id: UUID
    rank: int
    turn: datetime


def remove(pk: UUID) -> list[Utterance]:
    """Skip a waiting utterance; return it, or an empty list if it does not wait."""
    return Utterance.objects.unspoken().filter(pk=pk).drop(Utterance.Status.SKIPPED, REMOVED)


def move(pk: UUID, before: UUID | None) -> bool:
    """Move an utterance before another one or to the end; False if one of them does not wait."""
    with transaction.atomic():
        waiting = list(Utterance.objects.waiting())
        places = [_place(each) for each in waiting]
        known = {place.id for place in places}
        if pk not in known or before not in known | {None}:
            return False
        after = {place.id: place for place in reordered(places, pk, before)}
        moved = [each for each in waiting if after[each.pk] != _place(each)]
        for each in moved:
            each.rank, each.turn = after[each.pk].rank, after[each.pk].turn
        Utterance.objects.bulk_update(moved, ["rank", "turn"], batch_size=100)
        return True


def reordered(places: Sequence[Place], pk: UUID, before: UUID | None) -> list[Place]:
    """Return `places` with one of them moved before another one or to the end.

    Each keeps its rank, except the moved one if its rank would not allow the position. So an
    urgent utterance that arrives later still goes before all that were never urgent.
    """
    chosen = next(place for place in places if place.id == pk)
    others = [place for place in places if place.id != pk]
    index = next((i for i, place in enumerate(others) if place.id == before), len(others))
    if before == pk:
        return list(places)
    most = others[index - 1].rank if index else max(chosen.rank, others[0].rank if others else 0)
    least = others[index].rank if index < len(others) else 0
    rank = min(max(chosen.rank, least), most)
    return _with_turns([*others[:index], Place(pk, rank, chosen.turn), *others[index:]])


def _with_turns(places: Sequence[Place]) -> list[Place]:
    """Assign the turns of each rank again, in this order."""
    turns = {
        rank: iter(sorted(place.turn for place in places if place.rank == rank))
        for rank in {place.rank for place in places}
    }
    return [Place(place.id, place.rank, next(turns[place.rank])) for place in places]


def _place(utterance: Utterance) -> Place:
    rank = utterance.urgent if utterance.rank is None else utterance.rank
    return Place(utterance.pk, rank, utterance.turn or utterance.received_at)
