"""The texts of a robot's QR codes, byte for byte."""

from __future__ import annotations

import base64

from hive.mqtt.pairing_codes import Band, endpoint_code, wifi_code


def test_endpoint_code_is_what_robots_read() -> None:
    parameter = "CgFvQgwxOTIuMTY4LjEuNTBYs0VgAQ=="
    expected = f'{{"debug": {{"command": "om", "param": "{parameter}"}}}}'
    assert endpoint_code("192.168.1.50", 8883) == expected


def test_endpoint_code_holds_other_address_and_port() -> None:
    code = endpoint_code("10.0.0.7", 443)
    message = base64.b64decode(code.split('"')[-2])
    # 1: "o", 8: the host, 11: 443 = 0b11_0111011, 12: do not verify
    assert message == b"\x0a\x01o\x42\x0810.0.0.7\x58\xbb\x03\x60\x01"


def test_wifi_code_holds_network_and_password() -> None:
    code = wifi_code("Casa", "secreto123")
    assert code == "PA" + base64.b64encode(b"\x0a\x04Casa\x12\x0asecreto123\x28\x01").decode()
    assert code == "PACgRDYXNhEgpzZWNyZXRvMTIzKAE="


def test_hidden_network_and_band_have_their_fields() -> None:
    code = wifi_code("Casa", "secreto123", hidden=True, band=Band.ONLY_24_GHZ)
    assert base64.b64decode(code[2:]) == b"\x0a\x04Casa\x12\x0asecreto123\x28\x01\x30\x01\x38\x02"


def test_open_network_has_no_password_field() -> None:
    assert base64.b64decode(wifi_code("Café", "")[2:]) == b"\x0a\x05Caf\xc3\xa9\x28\x01"


def test_long_password_has_its_length_in_bytes() -> None:
    message = base64.b64decode(wifi_code("x", "ñ" * 100)[2:])
    assert message == b"\x0a\x01x\x12\xc8\x01" + "ñ".encode() * 100 + b"\x28\x01"
