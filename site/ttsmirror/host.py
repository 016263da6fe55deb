"""Tell an OpenMoxie from our own project."""

from __future__ import annotations

from django.apps import apps


def is_plugged_in() -> bool:
    """Return True inside an OpenMoxie, which has only the mirror of this project."""
    return not apps.is_installed("ttsmonitor")
