"""A voice of the size of real ones, where it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.tools import ROOT

BENCH = ROOT.parent / "shared" / "voices" / "bench-medium.onnx"


@pytest.fixture(scope="session")
def bench_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not BENCH.exists():
        pytest.skip("the bench voice is not here")
    model = tmp_path_factory.mktemp("bench") / "bench.onnx"
    model.symlink_to(BENCH)
    model.with_name("bench.onnx.json").symlink_to(f"{BENCH}.json")
    return model
