"""Fixtures that several integration tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.openmoxie import cloned


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a clone of the stand-in for OpenMoxie."""
    return cloned(tmp_path)
