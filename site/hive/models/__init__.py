"""The hive's tables: robots and their configuration, conversations, favourite phrases."""

from hive.models.conversations import ChatModule, GlobalCommand, lines_of, validate_pattern
from hive.models.favourites import FAVOURITE_CHARACTERS, Favourite
from hive.models.robots import (
    DEVICE_ID,
    Approval,
    Configuration,
    Robot,
    arrival,
    departure,
    validate_schedule,
)

__all__ = [
    "DEVICE_ID",
    "FAVOURITE_CHARACTERS",
    "Approval",
    "ChatModule",
    "Configuration",
    "Favourite",
    "GlobalCommand",
    "Robot",
    "arrival",
    "departure",
    "lines_of",
    "validate_pattern",
    "validate_schedule",
]
