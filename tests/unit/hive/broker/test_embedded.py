"""Parts of the development broker; tests/acceptance covers it over the wire."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from amqtt.contexts import BaseContext

from hive.broker.access import Access, Account
from hive.broker.embedded import AccountPlugin, _Subscriptions


def test_subscriptions_may_change_during_iteration() -> None:
    subscriptions = _Subscriptions({"a": [], "b": []})
    seen = []
    for topic in subscriptions:
        subscriptions[f"{topic}/new"] = []
        seen.append(topic)
    for topic, _sessions in subscriptions.items():
        del subscriptions[topic]
    assert seen == ["a", "b"]
    assert not subscriptions


@pytest.mark.parametrize(
    ("username", "password", "welcome"),
    [("moxie", "geheim", True), ("moxie", "x", False), (None, None, False), ("x", "geheim", False)],
)
async def test_only_the_account_is_accepted(
    username: str | None, password: str | None, welcome: bool
) -> None:
    context = BaseContext()
    context.config = AccountPlugin.Config(Access([Account("moxie", "geheim")], {}, anonymous=False))
    session = SimpleNamespace(username=username, password=password, will_flag=False, attributes={})
    assert await AccountPlugin(context).authenticate(session=session) is welcome
