"""Split a Piper voice's ONNX graph, so that its sound can be made a few frames at a time.

A Piper voice (VITS) runs in three stages: the text encoder gives a noisy latent for the whole
sentence, the flow cleans it, and the decoder turns it into samples. Flow and decoder are
convolutions: each output depends on a few neighbouring frames only. Split apart, they run over a
window little longer than what is wanted, with the same result as the whole run.

    text:    input, input_lengths, scales[, sid]  ->  noisy latent [1, channels, frames]
                                                      [, frames of each id [1, 1, ids]]
    flow:    noisy latent, mask [1, 1, frames]    ->  latent [1, channels, frames]
    decoder: latent                               ->  samples [1, 1, frames x hop]

The stages are found by structure, not by names, which differ between exporters: the decoder starts
at the Conv whose weight is `dec.conv_pre.weight` (else the one before the first ConvTranspose), and
the noisy latent is the sum behind the last RandomNormalLike. If the flow cannot be identified,
it stays with the text encoder.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import onnx
import onnx.utils
from onnx import TensorProto, helper


class UncuttableError(Exception):
    """The graph cannot be split."""


class Graph:
    """The producers and consumers of each tensor."""

    def __init__(self, model: Any) -> None:
        self.nodes = list(model.graph.node)
        weights = {weight.name for weight in model.graph.initializer}
        # Before ONNX's IR 4 exporters listed the weights among the inputs.
        self.inputs = [each.name for each in model.graph.input if each.name not in weights]
        self.output = model.graph.output[0].name
        self.maker = {name: node for node in self.nodes for name in node.output}

    def takers(self, tensor: str) -> list[Any]:
        """Return the nodes that read `tensor`."""
        return [node for node in self.nodes if tensor in node.input]

    def needs(self, tensors: Iterable[str], given: Iterable[str] = ()) -> set[str]:
        """Return all tensors that `tensors` depend on, down to `given`."""
        stop, seen, waiting = set(given), set(), list(tensors)
        while waiting:
            tensor = waiting.pop()
            if tensor in seen:
                continue
            seen.add(tensor)
            if tensor in self.maker and tensor not in stop:
                waiting.extend(name for name in self.maker[tensor].input if name)
        return seen

    def inputs_of(self, tensors: list[str], given: list[str]) -> list[str]:
        """Return the graph inputs that a stage from `given` to `tensors` needs as well."""
        needed = self.needs(tensors, given)
        return [name for name in self.inputs if name in needed and name not in given]

    def latent(self) -> str:
        """Return the tensor where the decoder starts."""
        for node in self.nodes:
            if node.op_type == "Conv" and node.input[1].endswith("dec.conv_pre.weight"):
                return str(node.input[0])
        upsampling = next((node for node in self.nodes if node.op_type == "ConvTranspose"), None)
        if upsampling is None:
            raise UncuttableError("it has no ConvTranspose")
        node = self.maker.get(upsampling.input[0])
        while node is not None and node.op_type != "Conv":
            # A speaker's part in a sum is not made of the text.
            spoken = [name for name in node.input if "input" in self.needs([name])]
            node = self.maker.get(spoken[0]) if spoken else None
        if node is None:
            raise UncuttableError("there is no Conv before its first ConvTranspose")
        return str(node.input[0])

    def noisy_latent_and_mask(self, latent: str) -> tuple[str, str]:
        """Return the tensor where the flow starts, and the mask it multiplies with."""
        behind = self.needs([latent])
        noises = [
            node
            for node in self.nodes
            if node.op_type == "RandomNormalLike" and node.output[0] in behind
        ]
        masked = self.maker.get(latent)
        if not noises or masked is None or masked.op_type != "Mul":
            raise UncuttableError("its flow cannot be identified")
        tensor = noises[-1].output[0]
        masks = [name for name in masked.input if tensor not in self.needs([name])]
        while True:
            takers = self.takers(tensor)
            if len(takers) != 1 or takers[0].op_type not in ("Mul", "Add"):
                raise UncuttableError("its noise goes an unknown way")
            tensor = takers[0].output[0]
            if takers[0].op_type == "Add":
                break
        if len(masks) != 1:
            raise UncuttableError("its mask cannot be identified")
        return str(tensor), str(masks[0])

    def lengths(self, noisy: str) -> str | None:
        """Return the tensor of frames per phoneme id [1, 1, ids]; None if it is not found."""
        behind = self.needs([noisy])
        rounded = [
            node.output[0]
            for node in self.nodes
            if node.op_type == "Ceil" and node.output[0] in behind
        ]
        return str(rounded[0]) if len(rounded) == 1 else None


def cut(model: Any, directory: Path, *, with_flow: bool) -> dict[str, list[str]]:
    """Write the stages of `model` into `directory` and return the inputs of each.

    Raises UncuttableError if that cannot be done.
    """
    graph = Graph(model)
    latent = noisy = graph.latent()
    stages: dict[str, tuple[list[str], list[str]]] = {"decoder": ([latent], [graph.output])}
    if with_flow:
        noisy, mask = graph.noisy_latent_and_mask(latent)
        stages["flow"] = ([noisy, mask], [latent])
    stages["text"] = ([], [noisy, *filter(None, [graph.lengths(noisy)])])
    _declare(model, [name for given, made in stages.values() for name in (*given, *made)])
    extractor = onnx.utils.Extractor(model)
    inputs = {}
    for name, (given, made) in stages.items():
        extra = graph.inputs_of(made, given)
        if given and set(extra) - {"sid"}:
            raise UncuttableError(f"its {name} needs more than the latent")
        inputs[name] = [*given, *extra]
        stage = extractor.extract_model(inputs[name], made)
        onnx.save(stage, str(directory / f"{name}.onnx"))
    return inputs


def _declare(model: Any, tensors: list[str]) -> None:
    """Say that `tensors` are there. Their shapes are left open: not every exporter knows them."""
    known = {value.name for value in model.graph.value_info}
    model.graph.value_info.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in set(tensors) - known
    )
