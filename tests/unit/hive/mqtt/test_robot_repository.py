"""The robots' rows: pending changes, writes, and reads in between."""

from __future__ import annotations

import pytest

from hive.models import Robot, arrival, departure
from hive.mqtt.robot_repository import RobotRepository
from hive.setup_cache import SetupCache
from tests.unit.hive.conftest import DEVICE

pytestmark = pytest.mark.django_db
OTHER = "d_0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture
def robots() -> RobotRepository:
    """Return an unstarted repository; the test triggers its writes and reads."""
    return RobotRepository(SetupCache())


def test_robot_is_found_with_unwritten_changes(robots: RobotRepository) -> None:
    assert robots.find(DEVICE) is None
    robots.update(DEVICE, arrival())
    robots.update(DEVICE, {"battery": 0.5})

    found = robots.find(DEVICE)
    assert found is not None and (found.online, found.battery) == (True, 0.5)
    assert not Robot.objects.exists()
    robots._write()
    robot = Robot.objects.get()
    assert (robot.device_id, robot.online, robot.battery) == (DEVICE, True, 0.5)


def test_unwritten_changes_keep_known_configuration(robots: RobotRepository) -> None:
    Robot.objects.create(device_id=DEVICE, nickname="Lucía")
    robots._read()
    robots.update(DEVICE, {"awake": True})

    found = robots.find(DEVICE)
    assert found is not None and (found.nickname, found.awake) == ("Lucía", True)


def test_robots_from_earlier_run_are_marked_offline(
    robots: RobotRepository,
) -> None:
    for device_id in (DEVICE, OTHER):
        Robot.objects.write(device_id, arrival())
    robots.update(DEVICE, arrival())
    robots._write()
    assert [robot.device_id for robot in Robot.objects.online()] == [DEVICE]


@pytest.mark.parametrize("fields", [departure(), {"battery": 0.5}, {}])
def test_report_does_not_recreate_deleted_robot(
    robots: RobotRepository, fields: dict[str, object]
) -> None:
    robots.update(DEVICE, fields)
    robots._write()
    assert not Robot.objects.exists()
    assert robots.find(DEVICE) is None
