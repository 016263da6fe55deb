"""The columns of the history in answers, files and the admin."""

from __future__ import annotations

import pytest
from django.contrib.admin.utils import flatten_fieldsets

from tests.support.web_fakes import utterance
from ttsmirror.wire.options import OPTION_NAMES
from ttsmonitor.admin.history import UtteranceAdmin
from ttsmonitor.history.serializers import COLUMNS, serialize
from ttsmonitor.monitor import schemas
from ttsmonitor.monitor.downloads import CSV_COLUMNS

SHOWN_AS = {"mood": "feeling", "source": "came_from", "status": "outcome"} | {
    "robot_confirmed": "by_robot",
    "error": "reason",
    "robot": "called",
}
"""Columns that the admin shows under another name."""


def test_api_describes_every_column() -> None:
    assert set(schemas.Utterance.model_fields) == set(COLUMNS)


def test_admin_shows_every_column() -> None:
    shown = {str(field) for field in flatten_fieldsets(UtteranceAdmin.fieldsets)}
    assert {SHOWN_AS.get(name, name) for name in COLUMNS} <= shown


def test_api_speaks_with_every_option() -> None:
    assert set(OPTION_NAMES) <= set(schemas.Say.model_fields)


@pytest.mark.django_db
def test_confirmation_of_the_robot_is_exported() -> None:
    row = utterance("Hola", robot_confirmed=False)
    assert serialize(row)["robot_confirmed"] is False
    assert "robot_confirmed" in CSV_COLUMNS
