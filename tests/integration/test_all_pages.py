"""Every page of both sites in a real browser is accessible, small and self-contained.

Pages are found by the URL patterns, so new ones are covered automatically.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from json import dumps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from tests.support.pages import DEVICE
from tests.support.site import Site, running_site

pytestmark = pytest.mark.browser

FIRST_LOAD_BYTES = 150_000
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
# Each pair of language, colour scheme and width occurs at least once. A page is examined with all
# rules in the first look, so in each width, and in the other with those that depend on the look.
LOOKS: dict[str, list[tuple[Any, Any]]] = {
    "es": [("light", PHONE), ("dark", DESKTOP)],
    "en": [("light", DESKTOP), ("dark", PHONE)],
}
# Rules whose outcome depends on colours and size.
OF_A_LOOK = ["color-contrast", "scrollable-region-focusable"]
# Known violations of Django's tables in forms and its search.
DJANGOS_OWN = {name: {"enabled": False} for name in ("empty-table-header", "label-title-only")}
SETTLED = """() => new Promise(requestAnimationFrame).then(() => Promise.allSettled(
    document.getAnimations().map((animation) => animation.finished)))"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    work: Path = tmp_path_factory.mktemp("site") / "work"
    with running_site(work) as made:
        yield made


def violations(
    page: Page, rules: dict[str, Any] | None = None, only: list[str] | None = None
) -> list[str]:
    """Return axe-core's violations on the current page with their places; `rules` as in axe.

    `only` names the rules to run; the page has been examined before.
    """
    # The other results take time; preloading makes style elements, which the policy forbids.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if only:
        options |= {"runOnly": only}
        found = page.evaluate("options => axe.run(options)", options)["violations"]
    else:
        found = Axe().run(page, options=options | {"rules": rules or {}}).response["violations"]
    return [
        f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
        for each in found
        for node in each["nodes"]
    ]


def examine(
    page: Page,
    looks: list[tuple[Any, Any]],
    rules: dict[str, Any] | None = None,
    only: list[str] | None = None,
) -> dict[str, list[str]]:
    """Return the violations of the open page in each of these looks; see violations()."""
    found = {}
    for colours, size in looks:
        page.emulate_media(color_scheme=colours)
        page.set_viewport_size(size)
        page.evaluate(SETTLED)
        if problems := violations(page, rules, only):
            found[f"{page.url} {colours} {size['width']}"] = problems
    return found


def examine_twice(page: Page, language: str) -> dict[str, list[str]]:
    """Return the violations in both looks of a language."""
    first, *others = LOOKS[language]
    return examine(page, [first]) | examine(page, others, only=OF_A_LOOK)


def test_axe_finds_a_seeded_violation(site: Site) -> None:
    bad = '<p id="bad">faint</p><img src="/favicon.ico">'
    with site.visit() as page:
        page.goto(site.urls["hive"])
        page.locator("main").evaluate("(main, html) => (main.innerHTML += html)", bad)
        faint = "(bad) => Object.assign(bad.style, {color: '#aaa', background: '#fff'})"
        page.locator("#bad").evaluate(faint)
        rules = {each.partition(":")[0] for each in violations(page)}
    assert rules == {"color-contrast", "image-alt"}


def test_violation_of_the_content_policy_fails_a_visit(site: Site) -> None:
    """All tests that use visit() check the content policy by this: pages, admin, login, errors."""
    inline = "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')"
    with pytest.raises(AssertionError, match=r"style-src|default-src"), site.visit() as page:
        page.goto(site.urls["hive"])
        page.evaluate(inline)


@pytest.mark.parametrize("language", LOOKS)
@pytest.mark.parametrize("name", ["hive", "monitor"])
def test_pages_have_no_axe_violations(site: Site, name: str, language: str) -> None:
    found: dict[str, list[str]] = {}
    with site.visit(language) as page:
        urls = site.pages(name, page)
        assert urls
        for url in urls:
            page.goto(url)
            assert page.locator("html").get_attribute("lang") == language
            found |= examine_twice(page, language)
    assert not found, dumps(found, indent=1)


@pytest.mark.parametrize("language", LOOKS)
def test_login_error_pages_and_menus_have_no_axe_violations(site: Site, language: str) -> None:
    found: dict[str, list[str]] = {}
    with site.stranger(language) as page:
        for name in site.urls:
            page.goto(site.urls[name])
            found |= examine_twice(page, language)
        page.goto(site.urls["hive"])
        page.fill("#id_username", f"nobody-{language}")  # it is locked at the end
        page.fill("#id_password", "wrong")
        page.press("#id_password", "Enter")
        page.wait_for_selector(".alert-danger")
        found |= examine_twice(page, language)
        for _ in range(4):
            page.fill("#id_password", "wrong")
            page.press("#id_password", "Enter")
            page.wait_for_load_state()
        page.wait_for_selector("a[href='/accounts/login/?next=/'], a[href='/accounts/login/']")
        found |= examine_twice(page, language)
        page.goto(f"{site.urls['hive']}/accounts/once/guess/")
        found |= examine_twice(page, language)
        page.goto(f"{site.urls['hive']}/accounts/login/")
        page.evaluate("document.querySelector('main [name=csrfmiddlewaretoken]').remove()")
        page.fill("#id_username", "nobody")
        page.fill("#id_password", "wrong")
        page.press("#id_password", "Enter")
        page.wait_for_selector("a[href='/']:has(svg)")
        found |= examine_twice(page, language)
    with site.visit(language) as page:
        for name in site.urls:
            page.goto(f"{site.urls[name]}/nowhere")
            found |= examine_twice(page, language)
        page.set_viewport_size(PHONE)
        page.goto(site.urls["hive"])
        page.click(".navbar-toggler")
        page.wait_for_selector("#site-menu.show")
        page.click("[data-bs-toggle=dropdown] >> nth=0")
        page.wait_for_selector(".dropdown-menu.show")
        found |= examine(page, [(colours, PHONE) for colours in ("light", "dark")])
    assert not found, dumps(found, indent=1)


def test_admin_has_no_axe_violations(site: Site) -> None:
    """Except accounts and known violations of Django's own templates.

    The form of a row stands for the form of a new one, and one form's second look for all of them.
    """
    found: dict[str, list[str]] = {}
    with site.visit("es") as page:
        urls = [url for url in site.admin_pages(page) if "/admin/auth/" not in url]
        forms = [url for url in urls if url.endswith("/change/")]
        models = {url.rsplit("/", 3)[0] for url in forms}
        urls = [url for url in urls if url.removesuffix("/add/") not in models]
        assert len(urls) > 15 and len(forms) > 5
        for url, looks in zip(urls, cycle((LOOKS["es"], LOOKS["es"][::-1])), strict=False):
            page.goto(url)
            found |= examine(page, looks[:1], DJANGOS_OWN)
            if url not in forms[1:]:
                found |= examine(page, looks[1:], only=OF_A_LOOK)
    assert not found, dumps(found, indent=1)


@pytest.mark.parametrize("name", ["hive", "monitor"])
def test_first_load_of_each_page_is_small_and_self_contained(site: Site, name: str) -> None:
    problems: dict[str, list[str]] = {}
    sizes: dict[str, int] = {}
    with site.visit() as page:
        urls = site.pages(name, page)
    hosts = {urlsplit(url).netloc for url in site.urls.values()}
    for url in urls:
        with site.visit() as page:
            sizes[url], asked = first_load(page, url)
            problems[url] = [each for each in asked if urlsplit(each).netloc not in hosts]
            problems[url] += in_source(page.request.get(url).text())
    assert {url: found for url, found in problems.items() if found} == {}
    assert {url: size for url, size in sizes.items() if size > FIRST_LOAD_BYTES} == {}
    assert min(sizes.values()) > 10_000, "nothing was measured"


def in_source(html: str) -> list[str]:
    """Return forbidden inline code found in the page source."""
    found = re.findall(r"<style\b|<[^>]+\sstyle=|<[^>]+\son[a-z]+=|javascript:", html)
    modules = html.count('type="module"')
    for attributes, body in re.findall(r"<script([^>]*)>(.*?)</script>", html, re.DOTALL):
        if body.strip() and "application/json" not in attributes:
            found.append(f"script{attributes}")
    # One of the frame, one of the page.
    return found if modules <= 2 else [*found, f"{modules} modules"]


def test_server_renders_times_in_the_browser_time_zone(site: Site) -> None:
    url = f"{site.urls['hive']}/puppet/{DEVICE}/"
    shown = set()
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):  # a day and an hour apart
        with site.visit("en", timezone_id=zone) as page:
            page.goto(url)
            cookies = {each["name"]: each["value"] for each in page.context.cookies()}
            assert cookies["moxie_timezone"] == zone
            source = page.request.get(url).text()
            row = re.search(r'data-part="time" datetime="[^"]+">([^<]+)', source)
            assert row
            shown.add(row[1])
    assert len(shown) == 2


def first_load(page: Page, url: str) -> tuple[int, list[str]]:
    """Return the bytes transferred until the page has loaded, with headers, and what it asked."""
    sizes: list[float] = []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url, wait_until="networkidle")
    return round(sum(sizes)), asked


# The focused element, if it is out of sight or looks like the others; null after the last one.
TAB_STOP = """() => {
    const stop = document.activeElement, style = getComputedStyle(stop);
    if (stop === document.body || stop.dataset.seen) return null;
    stop.dataset.seen = "1";
    const { width, height } = stop.getBoundingClientRect();
    const hides = (each) => each.clientWidth <= 1 && getComputedStyle(each).overflow === "hidden";
    for (let each = stop; each; each = each.parentElement) if (hides(each)) return stop.outerHTML;
    const rings = style.outlineStyle === "solid" && parseFloat(style.outlineWidth) >= 2;
    return rings && width > 1 && height > 1 ? "" : stop.outerHTML;
}"""


def test_every_tab_stop_shows_the_focus(site: Site) -> None:
    hidden, seen = [], 0
    with site.visit(viewport=DESKTOP) as page:
        for url in (f"{site.urls['monitor']}/", f"{site.urls['hive']}/puppet/{DEVICE}/"):
            page.goto(url)
            page.evaluate("() => document.activeElement.blur()")
            page.keyboard.press("Tab")
            while (problem := page.evaluate(TAB_STOP)) is not None:
                seen += 1
                if problem:
                    hidden.append(problem[:150])
                page.keyboard.press("Tab")
    assert not hidden, dumps(hidden, indent=1)
    assert seen > 40
