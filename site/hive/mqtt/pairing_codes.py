"""The texts of the QR codes that a robot's camera reads during its setup.

Both hold a protobuf message of a few fields, written here field by field.
"""

from __future__ import annotations

import base64
import json
from enum import IntEnum

PROJECT = "o"
"""The project id of the endpoint: short, since the camera struggles with dense codes."""
PAIRING = "PA"
"""How the text of a Wi-Fi code begins."""
VARINT, BYTES = 0, 2
"""Wire types of protobuf."""


class Band(IntEnum):
    """The Wi-Fi band that a robot may use."""

    ANY = 0
    ONLY_5_GHZ = 1
    ONLY_24_GHZ = 2


def endpoint_code(host: str, port: int) -> str:
    """Return the text that sends a robot to the broker at `host`, whose certificate is not checked.

    `host` is an IPv4 address rather than a name, which the robot would have to resolve.
    """
    message = _text(1, PROJECT) + _text(8, host) + _number(11, port) + _number(12, True)
    parameter = base64.b64encode(message).decode()
    return json.dumps({"debug": {"command": "om", "param": parameter}})


def wifi_code(ssid: str, password: str, *, hidden: bool = False, band: Band = Band.ANY) -> str:
    """Return the text that takes a robot into a Wi-Fi network, without pairing it anew."""
    message = (
        _text(1, ssid)
        + _text(2, password)
        + _number(5, True)  # Wi-Fi only
        + _number(6, hidden)
        + _number(7, band)
    )
    return PAIRING + base64.b64encode(message).decode()


def _text(field: int, value: str) -> bytes:
    content = value.encode()
    return _key(field, BYTES) + _varint(len(content)) + content if content else b""


def _number(field: int, value: int) -> bytes:
    # proto3 leaves out a field that has its default.
    return _key(field, VARINT) + _varint(int(value)) if value else b""


def _key(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _varint(value: int) -> bytes:
    """Return an unsigned number in groups of seven bits, the lowest first."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
