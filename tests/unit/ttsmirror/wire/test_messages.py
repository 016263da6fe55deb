"""Parsing and writing of the wire messages."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.wire.control import Control, parse_control
from ttsmirror.wire.fields import PAYLOAD_BYTES
from ttsmirror.wire.messages import (
    MAX_CHUNKS,
    UTTERANCE_CHARACTERS,
    Chunk,
    parse_chunk,
    parse_object,
    status_payload,
    tidy,
)
from ttsmirror.wire.options import OPTION_NAMES, SpeechOptions, read_options

SPECIFIED = {
    "text": "Hola, soy Moxie hablando en español",
    "timestamp": "2025-09-18T10:30:00Z",
    "source": "puppet_mode",
    "chunk": 1,
    "total_chunks": 1,
}


def encode(**fields: Any) -> bytes:
    return json.dumps(SPECIFIED | fields).encode()


def test_reads_the_specifications_example() -> None:
    chunk = parse_chunk(encode())
    assert chunk.text == "Hola, soy Moxie hablando en español"
    assert chunk.published_at == datetime(2025, 9, 18, 10, 30, tzinfo=UTC)
    assert (chunk.source, chunk.chunk, chunk.total_chunks) == ("puppet_mode", 1, 1)


def test_writes_the_specifications_fields() -> None:
    written = json.loads(Chunk(utterance_id=uuid.uuid4(), text="Hola").to_payload())
    assert {"text", "timestamp", "source", "chunk", "total_chunks"} <= written.keys()


@pytest.mark.parametrize("payload", [b"Test message", b"Test message\n", "¿Qué tal?".encode()])
def test_plain_text_is_an_utterance(payload: bytes) -> None:
    chunk = parse_chunk(payload, device_id="d_1")
    assert chunk.text == payload.decode().rstrip("\n")
    assert chunk.device_id == "d_1"


@pytest.mark.parametrize("device_id", ["x" * 129, "a b", "a\u2028b"])
@pytest.mark.parametrize("payload", [b"Hola", encode()])
def test_invalid_device_id_in_topic_is_refused(payload: bytes, device_id: str) -> None:
    with pytest.raises(InvalidMessageError, match="device_id is"):
        parse_chunk(payload, device_id=device_id)


def test_two_messages_without_id_are_two_utterances() -> None:
    assert parse_chunk(encode()).utterance_id != parse_chunk(encode()).utterance_id


def test_chunks_without_id_are_grouped_by_common_fields() -> None:
    first = parse_chunk(encode(chunk=1, total_chunks=2))
    second = parse_chunk(encode(chunk=2, total_chunks=2, text="otro"))
    other = parse_chunk(encode(chunk=1, total_chunks=2, source="chat"))
    assert first.utterance_id == second.utterance_id != other.utterance_id


def test_unknown_fields_are_ignored() -> None:
    assert parse_chunk(encode(colour="red", nested={"a": [1]})).text == SPECIFIED["text"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": ""}, "text is empty"),
        ({"text": "   "}, "text is empty"),
        ({"text": 5}, "text is missing"),
        ({"text": "x" * 401}, "401 characters: at most 400"),
        ({"text": "a\0b"}, "NUL"),
        ({"chunk": 0}, "chunk is"),
        ({"chunk": 3, "total_chunks": 2}, "chunk is"),
        ({"chunk": 1.5, "total_chunks": 2}, "whole number"),
        ({"total_chunks": MAX_CHUNKS + 1}, "total_chunks is"),
        ({"chunk": True}, "chunk is"),
        ({"timestamp": "yesterday"}, "timestamp is"),
        ({"source": "<script>"}, "source is"),
        ({"device_id": "a/b"}, "device_id is"),
        ({"id": "7"}, "id is"),
        ({"intensity": 2}, "intensity is"),
        ({"ttl": -1}, "ttl is"),
        ({"priority": "urgent"}, "priority is"),
        ({"lang": "español"}, "lang is"),
        ({"timestamp": "\ud800", "total_chunks": 2}, "timestamp is"),
    ],
)
def test_invalid_field_is_named_in_the_error(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidMessageError, match=said):
        parse_chunk(encode(**fields))


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "text is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"text": ', "not valid JSON"),
        (b"{" * 5000, "not valid JSON"),
        (b'{"text": "\\ud800"}', "surrogate"),
        (b"x" * (PAYLOAD_BYTES + 1), "at most"),
        (b"x" * (UTTERANCE_CHARACTERS + 1), "characters"),
    ],
)
def test_unreadable_payload_is_refused_with_reason(payload: bytes, said: str) -> None:
    with pytest.raises(InvalidMessageError, match=said):
        parse_chunk(payload)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(st.lists(texts, min_size=1, max_size=60).map("".join).filter(str.strip))
def test_utterance_survives_the_wire_unchanged(text: str) -> None:
    utterance = Chunk(utterance_id=uuid.uuid4(), text=text, mood="happy", intensity=0.5, ttl=5)
    read = [parse_chunk(chunk.to_payload()) for chunk in utterance.split()]
    assert "".join(chunk.text for chunk in read) == text
    assert [chunk.chunk for chunk in read] == list(range(1, len(read) + 1))
    assert {chunk.total_chunks for chunk in read} == {len(read)}
    assert {chunk.utterance_id for chunk in read} == {utterance.utterance_id}
    assert {(chunk.mood, chunk.intensity, chunk.ttl) for chunk in read} == {("happy", 0.5, 5.0)}


def test_white_space_chunk_survives_the_wire() -> None:
    utterance = Chunk(utterance_id=uuid.uuid4(), text="a" + " " * 900 + "b")
    read = [parse_chunk(chunk.to_payload()) for chunk in utterance.split()]
    assert "".join(chunk.text for chunk in read) == utterance.text


@given(st.binary(max_size=300))
def test_any_bytes_raise_only_invalid_message_error(payload: bytes) -> None:
    for parse in (parse_chunk, parse_control, parse_object):
        try:
            parse(payload)
        except InvalidMessageError:
            pass


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


json_objects = st.dictionaries(
    st.sampled_from(
        [
            *SPECIFIED,
            "id",
            "device_id",
            "lang",
            "ttl",
            "intensity",
            "priority",
            "action",
            "value",
            "before",
        ]
    ),
    json_values,
)
GOOD = (
    encode(
        id=str(uuid.UUID(int=7)),
        device_id="d_1",
        lang="es-MX",
        voice="x",
        mood="happy",
        intensity=0.5,
        priority="high",
        ttl=5,
    ),
    encode(chunk=2, total_chunks=3, text=" "),
    Control(action="volume", value=0.5, device_id="d_1").to_payload(),
    Control(action="replay", utterance_id=uuid.UUID(int=7)).to_payload(),
    Control(action="move", utterance_id=uuid.UUID(int=7), before=uuid.UUID(int=8)).to_payload(),
    "¿Qué tal?".encode(),
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Draw a good message with some bytes changed, inserted or removed."""
    payload = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(payload)))
        payload[start : start + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(payload)


@given(damaged() | json_objects.map(lambda fields: encode(**fields)))
@settings(max_examples=300)
def test_parsed_chunk_survives_a_round_trip(payload: bytes) -> None:
    try:
        chunk = parse_chunk(payload)
    except InvalidMessageError:
        return
    assert tidy(chunk) is chunk, "the publisher would have changed it"
    moment = chunk.published_at or datetime(2026, 1, 1, tzinfo=UTC)
    sent = replace(
        chunk,
        published_at=moment.replace(microsecond=moment.microsecond // 1000 * 1000),
        is_anonymous=False,
    )
    if chunk.total_chunks > 1:
        assert parse_chunk(sent.to_payload()) == sent
    else:
        assert [parse_chunk(part.to_payload()) for part in sent.split()] == sent.split()


@given(damaged())
def test_parsed_control_survives_a_round_trip(payload: bytes) -> None:
    try:
        control = parse_control(payload)
    except InvalidMessageError:
        return
    assert parse_control(control.to_payload()) == control


@given(json_objects)
def test_any_json_raises_only_invalid_message_error(fields: dict[str, Any]) -> None:
    payload = json.dumps(fields).encode()
    for parse in (parse_chunk, parse_control):
        try:
            parse(payload)
        except InvalidMessageError:
            pass


def test_controls_round_trip_and_invalid_ones_are_refused() -> None:
    control = Control(action="volume", value=0.5, device_id="d_1")
    assert parse_control(control.to_payload()) == control
    with pytest.raises(InvalidMessageError, match="one of interrupt"):
        parse_control(b'{"action": "dance"}')
    with pytest.raises(InvalidMessageError, match="needs a value"):
        parse_control(b'{"action": "volume"}')
    for action in ("replay", "remove", "move"):
        with pytest.raises(InvalidMessageError, match=f"action {action} needs the id"):
            parse_control(f'{{"action": "{action}"}}'.encode())
    with pytest.raises(InvalidMessageError, match="before is 'end': not a UUID"):
        parse_control(f'{{"action": "move", "id": "{uuid.uuid4()}", "before": "end"}}'.encode())


def test_move_control_names_successor_or_null_for_end() -> None:
    moved = Control(action="move", utterance_id=uuid.UUID(int=7))
    assert json.loads(moved.to_payload())["before"] is None
    for control in (moved, replace(moved, before=uuid.UUID(int=8))):
        assert parse_control(control.to_payload()) == control
    removed = Control(action="remove", utterance_id=uuid.UUID(int=7))
    assert parse_control(removed.to_payload()) == removed
    assert "before" not in json.loads(removed.to_payload())
    with pytest.raises(InvalidMessageError, match="needs the id"):
        parse_control(b'{"action": "replay"}')


def test_status_has_the_specifications_fields() -> None:
    payload = status_payload(
        status="playing", current_text="Hola", queue_size=2, component="tts-subscriber"
    )
    fields = json.loads(payload)
    assert {"status", "current_text", "queue_size", "timestamp"} <= fields.keys()
    assert "id" not in fields


def test_invalid_optional_fields_are_removed_before_sending() -> None:
    odd = Chunk(
        utterance_id=uuid.uuid4(),
        text="Hola",
        source="a b",
        device_id="a/#",
        mood="muy feliz",
        lang="español",
        voice="x" * 99,
        intensity=7,
        ttl=-1,
    )
    read = parse_chunk(tidy(odd).to_payload())
    assert (read.text, read.source, read.device_id, read.mood) == ("Hola", "system", "", "")
    assert (read.lang, read.voice, read.intensity, read.ttl) == ("", "", None, None)
    fine = replace(
        odd, source="chat", device_id="d_1", mood="happy", lang="es", voice="x", intensity=1, ttl=1
    )
    assert tidy(fine) is fine


def test_every_option_is_read_from_its_message() -> None:
    message = {
        "lang": "es",
        "voice": "davefx",
        "mood": "happy",
        "intensity": 0.5,
        "priority": "high",
        "ttl": 60.0,
    }
    assert message.keys() == set(OPTION_NAMES), "say what a message of the new option looks like"
    assert read_options(message) == message
    assert SpeechOptions(**read_options({})) == SpeechOptions()
