"""The hive's exceptions."""

from __future__ import annotations

from ttsmirror.exceptions import MoxieTTSError


class HiveError(MoxieTTSError):
    """The base of the hive's exceptions."""


class NotReadyError(HiveError):
    """The hive is not set up."""
