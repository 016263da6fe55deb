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

SYMBOLS = 256
FRAMES_PER_ID = 8


def make_voice(
    model: Path,
    *,
    channels: int = 16,
    ups: tuple[int, ...] = (8, 8),
    sample_rate: int = 22_050,
    speakers: int = 1,
    conditioned: tuple[str, ...] = ("decoder",),
    named: bool = True,
    shaped: bool = True,
    flow: bool = True,
    wide: str = "",
    mask: float = 1.0,
    noise: float = 0.0,
    length: float = 1.0,
    loudness: float = 1.0,
    swapped: bool = False,
    listed: bool = False,
    frames_per_id: int = FRAMES_PER_ID,
    timed: bool = False,
    looks_around: int = 0,
) -> Path:
    """Write `model` and its `.json`.

    `ups`: the strides of its ConvTransposes; without any the graph cannot be split.
    `conditioned`: the stages that depend on the speaker, if there are several.
    `named`: weights have the names Piper's exporter gives; `shaped`: shapes can be inferred;
    `flow`: there is a flow to split off. `mask`: the factor of the flow, 1 in a real voice.
    `wide`: `flow` or `decoder`, if it is to look at the whole clause. `loudness` is of all speakers
    but the first. `swapped`: the speaker embedding is the first operand of its sums. `listed`: the
    weights are among the inputs, as exporters did before ONNX's IR 4. `frames_per_id` is how long
    each phoneme id takes. `timed`: it tells so, as real voices do. `looks_around`: of so many ids
    on each side a phoneme's sound depends.
    """
    graph = _Builder(named, channels, swapped)
    who = _speaker(graph, speakers, conditioned)
    mean = _text(graph, who.get("text"), frames_per_id, looks_around)
    if timed:
        mean = _timed(graph, mean, frames_per_id)
    if not shaped:
        mean = _hide_shape(graph, mean)
    latent = mean
    if flow:
        latent = graph.add("Add", mean, _noise(graph, mean))
        latent = _flow(graph, latent, _mask(graph, mean, mask), who.get("flow"), wide == "flow")
    sound = _decoder(graph, latent, ups, who.get("decoder"), wide == "decoder")
    if speakers > 1:
        graph.weight("loudness", np.array([[[1.0]]] + [[[loudness]]] * (speakers - 1)))
        sound = graph.add("Mul", sound, graph.add("Gather", "loudness", "sid"))
    graph.add("Identity", sound, output="output")
    graph.write(model, speakers, listed)
    _describe(model, speakers, sample_rate, noise, length)
    return model


def _speaker(graph: _Builder, speakers: int, conditioned: tuple[str, ...]) -> dict[str, str]:
    """Add the speaker embedding to each stage that depends on it."""
    if speakers == 1:
        return {}
    graph.weight("emb_g", graph.random.normal(0, 1.0, (speakers, graph.channels)))
    who = graph.add(
        "Unsqueeze", graph.add("Gather", "emb_g", "sid"), graph.constant("last", np.array([2]))
    )
    return dict.fromkeys(conditioned, who)


def _text(graph: _Builder, who: str | None, frames_per_id: int, looks_around: int) -> str:
    graph.weight("emb", graph.random.normal(0, 0.5, (SYMBOLS, graph.channels)))
    ids = graph.add("Gather", "emb", "input")  # [1, ids, channels]
    ids = graph.add("Transpose", ids, perm=[0, 2, 1])
    if who:
        ids = graph.add("Add", ids, who)
    if looks_around:
        size = (graph.channels, graph.channels, 2 * looks_around + 1)
        around = graph.conv("context", ids, graph.random.normal(0, 0.05, size))
        ids = graph.add("Add", ids, around)
    graph.weight("factors", np.array([1.0, 1.0, float(frames_per_id)], dtype=np.float32))
    return graph.add(
        "Resize",
        ids,
        "",
        "factors",
        mode="nearest",
        nearest_mode="floor",
        coordinate_transformation_mode="asymmetric",
    )


def _timed(graph: _Builder, mean: str, frames_per_id: int) -> str:
    """Add the frames of each id [1, 1, ids], on which the mean depends by nothing."""
    ids = graph.add("Cast", "input", to=TensorProto.FLOAT)
    none = graph.add("Mul", ids, graph.constant("no_id", 0.0))
    frames = graph.add("Add", none, graph.constant("frames", float(frames_per_id)))
    lengths = graph.add(
        "Unsqueeze", graph.add("Ceil", frames), graph.constant("mid", np.array([1]))
    )
    total = graph.add("ReduceMean", lengths, axes=[2], keepdims=1)
    return graph.add("Add", mean, graph.add("Mul", total, graph.constant("naught", 0.0)))


def _hide_shape(graph: _Builder, tensor: str) -> str:
    """Return the same values with a shape that is only known at run time."""
    nothing = graph.add("Mul", "input_lengths", graph.constant("none", np.array([0])))
    return graph.add("Reshape", tensor, graph.add("Add", graph.add("Shape", tensor), nothing))


def _noise(graph: _Builder, mean: str) -> str:
    scale = graph.add("Gather", "scales", graph.constant("zero", np.int64(0)), axis=0)
    return graph.add("Mul", graph.add("RandomNormalLike", mean), scale)


def _mask(graph: _Builder, mean: str, value: float) -> str:
    one_channel = graph.add("ReduceMean", mean, axes=[1], keepdims=1)
    nothing = graph.add("Mul", one_channel, graph.constant("nil", 0.0))
    return graph.add("Add", nothing, graph.constant("one", value))


def _flow(graph: _Builder, latent: str, mask: str, who: str | None, wide: bool) -> str:
    for number in range(2):
        weights = graph.random.normal(0, 0.15, (graph.channels, graph.channels, 5))
        moved = graph.conv(f"flow.{number}", graph.add("Mul", latent, mask), weights)
        moved = _moved(graph, moved, latent, who, wide)
        latent = graph.add("Add", latent, graph.add("Tanh", moved))
    return graph.add("Mul", latent, mask)


def _decoder(
    graph: _Builder, latent: str, ups: tuple[int, ...], who: str | None, wide: bool
) -> str:
    random, channels = graph.random, graph.channels
    sound = graph.conv("dec.conv_pre", latent, random.normal(0, 0.2, (channels, channels, 7)))
    sound = _moved(graph, sound, latent, who, wide)
    for number, stride in enumerate(ups):
        sound = graph.add("LeakyRelu", sound, alpha=0.1)
        weights = random.normal(0, 0.2, (channels, channels, 2 * stride))
        name = graph.weight(f"dec.ups.{number}.weight", weights)
        side = stride // 2
        sound = graph.add("ConvTranspose", sound, name, strides=[stride], pads=[side, side])
    sound = graph.conv("dec.conv_post", sound, random.normal(0, 0.2, (1, channels, 7)))
    return graph.add("Tanh", sound)


def _moved(graph: _Builder, tensor: str, latent: str, who: str | None, wide: bool) -> str:
    if who:
        tensor = graph.add("Add", *((who, tensor) if graph.swapped else (tensor, who)))
    if wide:
        tensor = graph.add("Add", tensor, graph.add("ReduceMean", latent, axes=[2], keepdims=1))
    return tensor


class _Builder:
    def __init__(self, named: bool, channels: int, swapped: bool) -> None:
        self.channels = channels
        self.swapped = swapped
        self.random = np.random.default_rng(3)
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

    def write(self, path: Path, speakers: int, listed: bool) -> None:
        inputs = [
            helper.make_tensor_value_info("input", TensorProto.INT64, [1, "phonemes"]),
            helper.make_tensor_value_info("input_lengths", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
        ]
        if speakers > 1:
            inputs.append(helper.make_tensor_value_info("sid", TensorProto.INT64, [1]))
        if listed:
            inputs += [
                helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims)
                for weight in self._weights
            ]
        output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 1, "time"])
        graph = helper.make_graph(self._nodes, "voice", inputs, [output], self._weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        onnx.save(model, str(path))


def _describe(model: Path, speakers: int, sample_rate: int, noise: float, length: float) -> None:
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    config = {
        "audio": {"sample_rate": sample_rate, "quality": "tiny"},
        "espeak": {"voice": "es"},
        "inference": {"noise_scale": noise, "length_scale": length, "noise_w": 0.0},
        "phoneme_type": "espeak",
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "num_symbols": SYMBOLS,
        "num_speakers": speakers,
        "speaker_id_map": {f"voice{number}": number for number in range(speakers)}
        if speakers > 1
        else {},
    }
    model.with_name(f"{model.name}.json").write_text(json.dumps(config))
