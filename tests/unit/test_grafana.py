"""The Grafana dashboard and the pages about metrics name the metrics that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.test import Client

from tests.support.metrics import Scrape
from tests.support.tools import ROOT
from ttsmonitor.intake.broker_counts import NUMBERS
from ttsmonitor.intake.broker_counts import ROOT as BROKER
from ttsmonitor.service import service as service_module
from ttsmonitor.service.service import SpeechService
from ttsmonitor.synthesis.synthesizer import Synthesizer

DASHBOARD = json.loads((ROOT / "docs" / "grafana" / "moxie.json").read_text())
PAGES = [ROOT / "docs" / "metrics.md", ROOT / "docs" / "metrics.es.md"]
NAME = re.compile(r"\b(?:moxie|process|python)_\w+")
STANDARD = ("process_", "python_", "moxie_synthesis_process_")
"""Metrics of the client library."""


def queries() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield target["expr"]


def alerts(page: Path) -> list[dict[str, Any]]:
    (block,) = re.findall(r"```yaml\n(groups:.+?)```", page.read_text(), re.DOTALL)
    return list(yaml.safe_load(block)["groups"])


@pytest.fixture
def scrapes(db: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[Scrape]:
    """Return all metrics, those of the speech service first."""
    monkeypatch.setenv("TTS_AUDIO", "null")
    service = SpeechService()
    service._synthesizer.slowness = 0.2
    monkeypatch.setattr(Synthesizer, "pid", property(lambda _: "self"))
    service._subscriber.connection._error = ""
    for topic in NUMBERS:
        service._subscriber.broker_counts.hear(f"{BROKER}{topic}", b"1")
    monkeypatch.setattr(service_module, "current", lambda: service)
    client = Client()
    client.force_login(User.objects.create_superuser("keeper"))
    found = []
    for urls in ("openmoxie.urls_monitor", "openmoxie.urls"):
        settings.ROOT_URLCONF = urls
        found.append(Scrape(client.get("/metrics").content.decode()))
    return found


def test_every_query_names_metrics_that_exist(scrapes: list[Scrape]) -> None:
    known = {name for scrape in scrapes for name in scrape.names}
    named = {name for query in queries() for name in NAME.findall(query)}
    assert len(named) > 20
    assert named - known == set()
    for page in PAGES:
        rules = [rule for group in alerts(page) for rule in group["rules"]]
        assert {name for rule in rules for name in NAME.findall(rule["expr"])} - known == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_list_every_metric_with_its_type_and_labels(
    page: Path, scrapes: list[Scrape]
) -> None:
    listed = {}
    for line in page.read_text().splitlines():
        if line.startswith("| `moxie_"):
            name, kind, *rest = (cell.strip() for cell in line.strip("|").split("|"))
            labels = set(re.findall(r"`(\w+)`", rest[0])) if len(rest) == 2 else set()
            listed[name.strip("`")] = kind, labels
    there = {}
    for scrape in scrapes:
        for name, family in scrape.families.items():
            if not name.startswith(STANDARD):
                labels = {label for each in family.samples for label in each.labels} - {"le"}
                ending = "_total" if family.type == "counter" else ""
                there[f"{name}{ending}"] = family.type, labels
    assert listed == there


def test_panels_lie_side_by_side_and_use_the_chosen_source() -> None:
    places: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & places, panel["title"]
        places |= cells
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert panel["description"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Prometheus is not installed")
def test_queries_and_alerts_are_valid(tmp_path: Path) -> None:
    rules = [
        {"record": f"query_{number}", "expr": query.replace("$__rate_interval", "1m")}
        for number, query in enumerate(queries())
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "q", "rules": rules}, *alerts(PAGES[0])]}))
    done = subprocess.run(["promtool", "check", "rules", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
