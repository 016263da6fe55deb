"""Types of command line arguments: what is wrong with one is said before anything is done."""

from __future__ import annotations

import argparse
import ipaddress
import re

LOWEST_PORT, HIGHEST_PORT = 1, 65_535


def utf8(value: str) -> str:
    """An argument that can be sent and stored: Python takes bytes that are no UTF-8, too."""
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise argparse.ArgumentTypeError("this is not UTF-8 text") from exc
    return value


def port(value: str) -> int:
    """A port."""
    if not value.isdecimal() or not LOWEST_PORT <= int(value) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"give a number from {LOWEST_PORT} to {HIGHEST_PORT}")
    return int(value)


def host(value: str) -> str:
    """The name or the address of a computer."""
    if not is_host(value):
        raise argparse.ArgumentTypeError("give nothing but a name or an address")
    return value


def is_host(value: str) -> bool:
    """Can this be the name or the address of a computer? `mqtt://x` and `x:1883` cannot."""
    try:
        if ":" in value:
            ipaddress.ip_address(value)
        value.encode("idna")
    except ValueError:
        return False
    return bool(re.fullmatch(r"[^\s/\[\]]+", value))
