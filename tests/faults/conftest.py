"""What is broken here is the broker that people run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Broker
from tests.faults.parts import product_broker


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    """A Mosquitto as run_broker configures it."""
    with product_broker(tmp_path / "broker") as broker:
        yield broker
