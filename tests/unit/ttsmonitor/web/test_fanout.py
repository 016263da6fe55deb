"""One channel and one answer for many pages."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from channels.layers import get_channel_layer

from ttsmonitor.web import fanout as fanout_module
from ttsmonitor.web.fanout import Told, fanout

# Answers are made by a thread that may have been at the database for another test.
pytestmark = pytest.mark.django_db(transaction=True)

EVENT = {"type": "status", "text": "¡Hola!"}


class FakePage:
    """Remembers what it was told."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self.texts: list[str] = []
        self.answers: list[str] = []
        self.is_lost = False
        self._is_broken = is_broken

    async def tell(self, told: list[Told]) -> None:
        if self._is_broken:
            raise RuntimeError("it is gone")
        self.texts += [text for _event, text in told]

    async def answer(self, text: str) -> None:
        self.answers.append(text)

    async def lose(self) -> None:
        self.is_lost = True


@pytest.fixture(autouse=True)
def layer() -> Iterator[Any]:
    made: Any = get_channel_layer()
    yield made
    assert made.groups == {}


async def until(condition: Any) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  whatever it is
            await asyncio.sleep(0.001)


async def send(layer: Any, *events: dict[str, Any]) -> None:
    await layer.group_send("a", {"type": "page.events", "events": list(events)})


async def test_many_pages_are_one_channel_and_each_hears_everything_in_order(layer: Any) -> None:
    pages = [FakePage(is_broken=number == 3) for number in range(120)]
    for page in pages:
        await fanout().join("a", page)
    assert len(layer.groups["a"]) == 1
    await send(layer, EVENT, {"type": "bye"})
    await send(layer, {"type": "last"})
    whole = [page for page in pages if page is not pages[3]]
    await until(lambda: all(len(page.texts) == 3 for page in whole))
    assert whole[0].texts[0] == '{"type":"status","text":"¡Hola!"}'
    assert all(page.texts == whole[0].texts for page in whole)
    assert len({id(page.texts[0]) for page in whole}) == 1, "put into words for each of them"
    for page in pages:
        await fanout().leave("a", page)
        await fanout().leave("a", page)


async def test_who_left_is_told_nothing_more_and_the_others_are(layer: Any) -> None:
    gone, here = FakePage(), FakePage()
    for page in (gone, here):
        await fanout().join("a", page)
    await fanout().leave("a", gone)
    await send(layer, EVENT)
    await until(lambda: here.texts)
    assert gone.texts == []
    await fanout().leave("a", here)


async def test_a_channel_does_not_expire_while_pages_are_open(
    layer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout_module, "RENEW_SECONDS", 0.01)
    page = FakePage()
    await fanout().join("a", page)
    (first,) = layer.groups["a"].values()
    await until(lambda: next(iter(layer.groups["a"].values())) > first)
    await fanout().leave("a", page)


async def test_a_layer_that_fails_sends_the_pages_away_to_come_again(
    layer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = FakePage()

    async def fail(channel: str) -> Any:
        raise ConnectionError("no Redis answers")

    with monkeypatch.context() as patch:
        patch.setattr(layer, "receive", fail)
        await fanout().join("a", page)
        await until(lambda: page.is_lost)
    again = FakePage()
    await fanout().join("a", again)
    await send(layer, EVENT)
    await until(lambda: again.texts)
    await fanout().leave("a", page)
    await fanout().leave("a", again)
    layer.groups.clear()  # the channel that failed


async def test_who_asks_together_is_answered_together_and_nobody_with_what_is_old() -> None:
    made: list[None] = []
    gate = threading.Event()

    def make() -> dict[str, Any]:
        made.append(None)
        assert gate.wait(5)
        return {"count": len(made)}

    first, together, late = FakePage(), [FakePage() for _ in range(30)], FakePage()
    for page in (first, *together):
        fanout().ask(page, "figures", make, of=None)
    await until(lambda: made)
    fanout().ask(late, "figures", make, of=None)
    gate.set()
    await until(lambda: late.answers)
    assert {*first.answers} == {text for page in together for text in page.answers}
    assert first.answers == ['{"type":"figures","count":1}']
    assert late.answers == ['{"type":"figures","count":2}'], "it asked while that was made"


async def test_an_answer_that_takes_long_is_made_the_less_often() -> None:
    times: list[float] = []
    loop, page = asyncio.get_running_loop(), FakePage()

    def make() -> dict[str, Any]:
        times.append(loop.time())
        threading.Event().wait(0.1)
        return {}

    fanout().ask(page, "figures", make, of=None)
    await until(lambda: page.answers)
    fanout().ask(page, "figures", make, of=None)
    await until(lambda: len(page.answers) == 2)
    assert times[1] - times[0] > 0.45


async def test_an_answer_that_cannot_be_made_sends_the_page_away_and_is_tried_again() -> None:
    outcomes = iter([False, True])

    def make() -> dict[str, Any]:
        if not next(outcomes):
            raise RuntimeError("the database is locked")
        return {}

    first, second = FakePage(), FakePage()
    fanout().ask(first, "figures", make, of=None)
    await until(lambda: first.is_lost)
    fanout().ask(second, "figures", make, of=None)
    await until(lambda: second.answers)
