"""Tell an OpenMoxie from our own project."""

from __future__ import annotations

from django.apps import apps


def is_plugged_in() -> bool:
    """Return True in somebody else's OpenMoxie: only the mirror is copied there."""
    return not apps.is_installed("ttsmonitor")
