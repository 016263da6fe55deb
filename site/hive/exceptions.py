"""What can go wrong in the hive, by name."""

from __future__ import annotations

from ttsmirror.exceptions import MoxieTTSError


class HiveError(MoxieTTSError):
    """The hive cannot do this."""


class NotReadyError(HiveError):
    """The hive is not set up."""
