"""Every page of both sites, found by its URL pattern, so new ones are covered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, get_resolver

URLCONFS = {"hive": "openmoxie.urls", "monitor": "openmoxie.urls_monitor"}
DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
UTTERANCE_ID = "5b2f1c5e-0a3c-4a62-9d1c-2f0a5a4e7b11"
BY_NAME = {"device_id": DEVICE, "visit": "page_0123456789abcdef"}
BY_CONVERTER = {
    "uuid": UTTERANCE_ID,
    "uuidstr": UTTERANCE_ID,
    "int": "1",
    "str": "x",
    "slug": "x",
    "path": "x",
}
_ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")


class Answer(NamedTuple):
    status: int
    kind: str
    """Its content type."""


def paths(site: str) -> Iterator[str]:
    """Return a path for each URL pattern, with arguments that the test has created."""
    yield from dict.fromkeys(_walk("/", get_resolver(URLCONFS[site]).url_patterns))


def _walk(prefix: str, patterns: list[Any]) -> Iterator[str]:
    for each in patterns:
        route = prefix + _filled(str(each.pattern))
        if isinstance(each, URLPattern):
            if not re.search(r"[\\^$(?]", route):  # not the admin's catch-all
                yield route
        else:
            yield from _walk(route, each.url_patterns)


def _filled(route: str) -> str:
    def example(match: re.Match[str]) -> str:
        converter, name = match.groups()
        return BY_NAME.get(name) or BY_CONVERTER.get(converter or "str", "x")

    return _ARGUMENT.sub(example, route)


def pages_of(site: str, get: Callable[[str], Answer]) -> list[str]:
    """Return the paths where `get` finds a page outside Django's admin."""
    ours = [path for path in paths(site) if not path.startswith("/admin/")]
    found = [path for path in ours if is_page(get(path))]
    assert "/" in found
    return found


def is_page(answer: Answer) -> bool:
    return answer.status == 200 and answer.kind.startswith("text/html")
