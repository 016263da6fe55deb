"""Kokoro's files with a tiny model: a few ONNX nodes with the real one's inputs and output."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SAMPLES_PER_TOKEN = 1_200


def install_kokoro(
    voice_dir: Path, voices: Iterable[str] = ("jf_alpha", "af_alloy", "af_heart", "ef_dora")
) -> Path:
    """Install the model and styles of `voices` into a directory of voices; return their own.

    The sound of a token is a wave as loud as its number; each style is that of its token count.
    """
    directory = voice_dir / "kokoro"
    directory.mkdir(parents=True)
    wave = np.sin(np.arange(SAMPLES_PER_TOKEN) / 20).reshape(1, -1) / 400
    nodes = [
        helper.make_node("Cast", ["tokens"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["numbers", "column"], ["each"]),
        helper.make_node("MatMul", ["each", "wave"], ["waves"]),
        helper.make_node("Reshape", ["waves", "row"], ["audio"]),
    ]
    graph = helper.make_graph(
        nodes,
        "kokoro",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "length"]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["samples"])],
        [
            numpy_helper.from_array(wave.astype(np.float32), "wave"),
            numpy_helper.from_array(np.array([-1, 1]), "column"),
            numpy_helper.from_array(np.array([-1]), "row"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(directory / "kokoro-v1.0.int8.onnx"))
    styles = np.repeat(np.arange(1, 511, dtype=np.float32), 256).reshape(510, 1, 256)
    with (directory / "voices-v1.0.bin").open("wb") as file:
        np.savez(file, **dict.fromkeys(voices, styles))  # type: ignore[arg-type]
    return directory
