"""Metrics as Prometheus reads them, and its rules for their names."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

UNITS = ("_seconds", "_bytes", "_ratio")
"""Endings that Prometheus gives to a unit."""
OTHER_UNITS = ("_milliseconds", "_ms", "_minutes", "_hours", "_kb", "_mb", "_percent")


class Scrape:
    """The answer of /metrics."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = {each.name: each for each in text_string_to_metric_families(text)}

    @property
    def samples(self) -> list[Sample]:
        return [sample for family in self.families.values() for sample in family.samples]

    @property
    def names(self) -> set[str]:
        """The names that a query may use."""
        return {sample.name for sample in self.samples}

    def values(self, name: str, **labels: Any) -> list[float]:
        """Return the samples of that name with these labels."""
        return [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def value(self, name: str, **labels: Any) -> float:
        """Return the only one of them."""
        (found,) = self.values(name, **labels)
        return found

    def total(self, name: str, **labels: Any) -> float:
        """Return their sum."""
        return sum(self.values(name, **labels))

    def lint(self) -> list[str]:
        """Return what `promtool check metrics` would complain of, as far as we know its rules."""
        found = []
        for name, family in self.families.items():
            is_counter = family.type == "counter"  # the parser has cut its _total off
            if not family.documentation:
                found.append(f"{name} has no help")
            if is_counter and any(not each.name.endswith("_total") for each in family.samples):
                found.append(f"{name} does not end in _total")
            if not is_counter and name.endswith("_total"):
                found.append(f"{name} is no counter")
            if name.endswith(OTHER_UNITS) or name != name.lower() or ":" in name:
                found.append(f"{name} has another unit than {UNITS}, or another spelling")
        return found

    def promtool(self) -> str:
        """Return what promtool complains of; empty where nothing, or where it is not installed."""
        if (program := shutil.which("promtool")) is None:
            return ""
        done = subprocess.run(
            [program, "check", "metrics"], input=self.text, capture_output=True, text=True
        )
        return done.stdout + done.stderr
