"""The robots' rows: what is noted, what is written, what is known meanwhile."""

from __future__ import annotations

import pytest

from hive.known import Known
from hive.models import Robot, arrival, departure
from hive.mqtt.robot_records import Records
from tests.unit.hive.conftest import DEVICE

pytestmark = pytest.mark.django_db
OTHER = "d_0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture
def records() -> Records:
    """Not started: a test says when it writes and reads."""
    return Records(Known(), on_refresh=lambda: None)


def test_robot_is_found_with_notes_that_are_not_written(records: Records) -> None:
    assert records.find(DEVICE) is None
    records.note(DEVICE, arrival())
    records.note(DEVICE, {"battery": 0.5})

    found = records.find(DEVICE)
    assert found is not None and (found.online, found.battery) == (True, 0.5)
    assert not Robot.objects.exists()
    records._write()
    robot = Robot.objects.get()
    assert (robot.device_id, robot.online, robot.battery) == (DEVICE, True, 0.5)


def test_known_robot_keeps_its_configuration_under_notes(records: Records) -> None:
    Robot.objects.create(device_id=DEVICE, nickname="Lucía")
    records._read()
    records.note(DEVICE, {"awake": True})

    found = records.find(DEVICE)
    assert found is not None and (found.nickname, found.awake) == ("Lucía", True)


def test_robots_of_an_earlier_run_are_offline_before_the_first_arrival(records: Records) -> None:
    for device_id in (DEVICE, OTHER):
        Robot.objects.note(device_id, arrival())
    records.note(DEVICE, arrival())
    records._write()
    assert [robot.device_id for robot in Robot.objects.online()] == [DEVICE]


@pytest.mark.parametrize("fields", [departure(), {"battery": 0.5}, {}])
def test_deleted_robot_is_not_made_again_by_a_report(
    records: Records, fields: dict[str, object]
) -> None:
    records.note(DEVICE, fields)
    records._write()
    assert not Robot.objects.exists()
    assert records.find(DEVICE) is None
