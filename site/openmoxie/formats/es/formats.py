"""Formats of the Spanish pages: 30 nov 2026, 14:05."""

DATE_FORMAT = SHORT_DATE_FORMAT = "j b Y"
TIME_FORMAT = "G:i"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "j b Y, G:i"
