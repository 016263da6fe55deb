"""Whose turn it is: what a person changes about the queue. It is kept with what waits.

Only what waits has a turn, so nothing is ever put into the middle of what is being said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from ttsmirror.models import Utterance

REMOVED = "removed from the queue"


@dataclass(frozen=True)
class Place:
    """Where one stands: those of a higher rank first, of one rank by their turn."""

    id: UUID
    rank: int
    turn: datetime


def remove(pk: UUID) -> list[Utterance]:
    """Take it out of the queue: it, as it is then, or nothing where it does not wait."""
    return Utterance.objects.unspoken().filter(pk=pk).drop(Utterance.Status.SKIPPED, REMOVED)


def move(pk: UUID, before: UUID | None) -> bool:
    """Put it before another one, or at the end; False where one of the two does not wait."""
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
    """`places`, in order, with one of them before another or at the end; the others as they were.

    Each keeps its rank, but the one that was moved where its own would not let it be: so what
    comes with a high priority later still goes before all that never had one.
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
    """These in this order: the turns of each rank are handed out anew."""
    turns = {
        rank: iter(sorted(place.turn for place in places if place.rank == rank))
        for rank in {place.rank for place in places}
    }
    return [Place(place.id, place.rank, next(turns[place.rank])) for place in places]


def _place(utterance: Utterance) -> Place:
    rank = utterance.urgent if utterance.rank is None else utterance.rank
    return Place(utterance.pk, rank, utterance.turn or utterance.received_at)
