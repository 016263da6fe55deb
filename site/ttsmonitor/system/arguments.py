"""Types of command-line arguments, checked before a command does anything."""

from __future__ import annotations

import argparse
import ipaddress
import re
from datetime import timedelta

LOWEST_PORT, HIGHEST_PORT = 1, 65_535
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_OLDEST = timedelta(days=36_500)


def utf8(value: str) -> str:
    """Return an argument that can be sent and stored; Python accepts bytes that are not UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise argparse.ArgumentTypeError("this is not UTF-8 text") from exc
    return value


def port(value: str) -> int:
    """Convert a port number."""
    if not value.isdecimal() or not LOWEST_PORT <= int(value) <= HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"give a number from {LOWEST_PORT} to {HIGHEST_PORT}")
    return int(value)


def age(value: str) -> timedelta:
    """Convert an age such as 90d, 12h or 2w."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})([hdw])", value.strip().lower())
    span = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
    if span is None or span > _OLDEST:
        raise argparse.ArgumentTypeError("give a time such as 90d, 12h or 2w, at most 100 years")
    return span


def host(value: str) -> str:
    """Check the name or address of a computer."""
    if not is_host(value):
        raise argparse.ArgumentTypeError("give nothing but a name or an address")
    return value


def is_host(value: str) -> bool:
    """Return True for a name or address of a computer; `mqtt://x` and `x:1883` are none."""
    try:
        if ":" in value:
            ipaddress.ip_address(value)
        value.encode("idna")
    except ValueError:
        return False
    return bool(re.fullmatch(r"[^\s/\[\]]+", value))
