"""A tiny voice with the stages of a real one: a Piper model of a few ONNX nodes.

It hums a tone per letter: the same text gives the same samples where its noise is switched off.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CHANNELS = 16
SYMBOLS = 256
HOP = 64
FRAMES_PER_ID = 8


def make_voice(
    model: Path,
    *,
    speakers: int = 1,
    named: bool = True,
    flow: bool = True,
    upsampling: bool = True,
    noise: float = 0.0,
) -> Path:
    """Write `model` and its `.json`.

    `named`: weights have the names Piper's exporter gives; `flow`: there is one to be cut off;
    `upsampling`: without it the graph cannot be cut at all.
    """
    graph = _Builder(named)
    random = np.random.default_rng(3)
    graph.weight("emb", random.normal(0, 0.5, (SYMBOLS, CHANNELS)))
    ids = graph.add("Gather", "emb", "input")  # [1, ids, channels]
    ids = graph.add("Transpose", ids, perm=[0, 2, 1])
    graph.weight("factors", np.array([1.0, 1.0, float(FRAMES_PER_ID)], dtype=np.float32))
    mean = graph.add(
        "Resize", ids, "", "factors", mode="nearest", nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )  # fmt: skip
    latent = mean
    if flow:
        scale = graph.add("Gather", "scales", graph.constant("zero", np.int64(0)), axis=0)
        drawn = graph.add("RandomNormalLike", mean)
        latent = graph.add("Add", mean, graph.add("Mul", drawn, scale))
        one_channel = graph.add("ReduceMean", mean, axes=[1], keepdims=1)
        mask = graph.add("Add", graph.add("Mul", one_channel, graph.constant("nil", 0.0)),
                         graph.constant("one", 1.0))  # fmt: skip
        for number in range(2):
            weights = random.normal(0, 0.15, (CHANNELS, CHANNELS, 5))
            moved = graph.conv(f"flow.{number}", graph.add("Mul", latent, mask), weights)
            latent = graph.add("Add", latent, graph.add("Tanh", moved))
        latent = graph.add("Mul", latent, mask)
    sound = graph.conv("dec.conv_pre", latent, random.normal(0, 0.2, (CHANNELS, CHANNELS, 7)))
    if speakers > 1:
        graph.weight("emb_g", random.normal(0, 1.0, (speakers, CHANNELS)))
        who = graph.add("Unsqueeze", graph.add("Gather", "emb_g", "sid"),
                        graph.constant("last", np.array([2])))  # fmt: skip
        sound = graph.add("Add", sound, who)
    for number in range(2):
        sound = graph.add("LeakyRelu", sound, alpha=0.1)
        if upsampling:
            name = graph.weight(f"dec.ups.{number}.weight",
                                random.normal(0, 0.2, (CHANNELS, CHANNELS, 16)))  # fmt: skip
            sound = graph.add("ConvTranspose", sound, name, strides=[8], pads=[4, 4])
    sound = graph.conv("dec.conv_post", sound, random.normal(0, 0.2, (1, CHANNELS, 7)))
    graph.add("Tanh", sound, output="output")
    graph.write(model, speakers)
    _describe(model, speakers, noise)
    return model


class _Builder:
    def __init__(self, named: bool) -> None:
        self._named = named
        self._nodes: list[Any] = []
        self._weights: list[Any] = []

    def weight(self, name: str, values: Any) -> str:
        if not self._named and name.startswith("dec."):
            name = f"onnx::Conv_{len(self._weights)}"
        array = np.asarray(values)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        self._weights.append(numpy_helper.from_array(array, name))
        return name

    constant = weight

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"t{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def conv(self, name: str, tensor: str, weights: Any) -> str:
        side = np.asarray(weights).shape[2] // 2
        return self.add("Conv", tensor, self.weight(f"{name}.weight", weights), pads=[side, side])

    def write(self, path: Path, speakers: int) -> None:
        inputs = [
            helper.make_tensor_value_info("input", TensorProto.INT64, [1, "phonemes"]),
            helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
        ]
        if speakers > 1:
            inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, [1]))
        output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, "time"])
        graph = helper.make_graph(self._nodes, "voice", inputs, [output], self._weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        onnx.save(model, str(path))


def _describe(model: Path, speakers: int, noise: float) -> None:
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    config = {
        "audio": {"sample_rate": 22050, "quality": "tiny"},
        "espeak": {"voice": "es"},
        "inference": {"noise_scale": noise, "length_scale": 1, "noise_w": 0.0},
        "phoneme_type": "espeak",
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": SYMBOLS,
        "num_speakers": speakers,
        "speaker_id_map": {f"voice{number}": number for number in range(speakers)}
        if speakers > 1 else {},
    }  # fmt: skip
    model.with_name(f"{model.name}.json").write_text(json.dumps(config))
