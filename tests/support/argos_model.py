"""A tiny package of Argos Translate with random weights: real files for the real libraries."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
from ctranslate2.specs import transformer_spec

SENTENCES = ["hello friend how are you", "good night little robot", "let us play together now"]
WIDTH = 8
VOCABULARY = 40


def make_argos_package(directory: Path, source: str, target: str) -> Path:
    """Write a package that answers with nonsense, always the same for the same sentence."""
    package = directory / f"translate-{source}_{target}-1_0"
    package.mkdir(parents=True)
    pieces = _train_pieces()
    (package / "sentencepiece.model").write_bytes(pieces)
    known = sentencepiece.SentencePieceProcessor(model_proto=pieces)
    (package / "model").mkdir()
    _model([known.id_to_piece(each) for each in range(known.get_piece_size())]).save(
        str(package / "model")
    )
    described = {"from_code": source, "to_code": target, "package_version": "1.0"}
    (package / "metadata.json").write_text(json.dumps(described))
    return package


def _train_pieces() -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 20),
        model_writer=model,
        vocab_size=VOCABULARY,
        model_type="bpe",
        minloglevel=2,
    )
    return model.getvalue()


def _model(vocabulary: list[str]) -> Any:
    spec = transformer_spec.TransformerSpec.from_config(num_layers=1, num_heads=2)
    rng = np.random.default_rng(0)

    def linear(layer: Any, height: int, width: int) -> None:
        layer.weight = rng.normal(size=(height, width)).astype(np.float32)
        layer.bias = np.zeros(height, np.float32)

    def norm(layer: Any) -> None:
        layer.gamma, layer.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    def attention(layer: Any, *heights: int) -> None:
        norm(layer.layer_norm)
        for part, height in zip(layer.linear, heights, strict=True):
            linear(part, height, WIDTH)

    def feed_forward(layer: Any) -> None:
        norm(layer.layer_norm)
        linear(layer.linear_0, 2 * WIDTH, WIDTH)
        linear(layer.linear_1, WIDTH, 2 * WIDTH)

    encoder, decoder = spec.encoder, spec.decoder
    for embeddings in (encoder.embeddings[0], decoder.embeddings):
        embeddings.weight = rng.normal(size=(len(vocabulary), WIDTH)).astype(np.float32)
    for stack in (encoder, decoder):
        norm(stack.layer_norm)
        for layer in stack.layer:
            attention(layer.self_attention, 3 * WIDTH, WIDTH)
            feed_forward(layer.ffn)
    for layer in decoder.layer:
        attention(layer.attention, WIDTH, 2 * WIDTH, WIDTH)
    linear(decoder.projection, len(vocabulary), WIDTH)
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.config.unk_token, spec.config.bos_token, spec.config.eos_token = "<unk>", "<s>", "</s>"
    spec.validate()
    return spec
