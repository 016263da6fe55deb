"""The fault tests break a broker with the configuration of run_broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Broker
from tests.faults.parts import product_broker


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    """Run a Mosquitto with the configuration of run_broker."""
    with product_broker(tmp_path / "broker") as broker:
        yield broker
