"""The labels of robots, and the names from which they are made."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from hive.models import Robot
from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.history.robot_names import make_labels, robot_names, set_name
from ttsmonitor.history.serializers import serialize
from ttsmonitor.models import RobotName

ONE = "d_c6f28613-2fa1-11d2-883f-0016d3cca427"
OTHER = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
LIKE_ONE = "d_c6f29999-2fa1-11d2-883f-0016d3cca427"


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        ({ONE: "Luna"}, {ONE: "Luna"}),
        ({ONE: ""}, {ONE: "Moxie c6f2"}),
        ({"kitchen": ""}, {"kitchen": "kitchen"}),
        ({"d_waiting": ""}, {"d_waiting": "waiting"}),
        ({ONE: "Moxie", OTHER: "moxie"}, {ONE: "Moxie (c6f2)", OTHER: "moxie (1b4e)"}),
        ({ONE: "", LIKE_ONE: ""}, {ONE: "Moxie c6f28613", LIKE_ONE: "Moxie c6f29999"}),
        ({"d_ana": "Ana", ONE: "Ana"}, {"d_ana": "Ana (ana)", ONE: "Ana (c6f2)"}),
    ],
)
def test_labels_are_short_and_differ(names: dict[str, str], labels: dict[str, str]) -> None:
    assert make_labels(names) == labels


def test_label_of_a_long_id_is_shortened() -> None:
    (label,) = make_labels({"z" * 128: ""}).values()
    assert len(label) < 30


@pytest.mark.django_db
def test_name_of_a_saved_robot_is_in_every_answer() -> None:
    robot = Robot.objects.create(device_id=ONE, name="Luna")
    row = utterance("Hola", device_id=ONE)
    assert serialize(row)["robot"] == "Luna"
    robot.name = "Sol"
    robot.save(update_fields=["name"])
    assert serialize(row)["robot"] == "Sol"
    assert serialize(Utterance(text="Hola"))["robot"] == ""


@pytest.mark.django_db
def test_name_given_on_the_monitor_is_that_of_the_robot() -> None:
    Robot.objects.create(device_id=ONE)
    set_name(ONE, "Luna")
    assert Robot.objects.get().name == "Luna"


@pytest.mark.django_db
def test_history_keeps_the_name_of_a_deleted_robot() -> None:
    Robot.objects.create(device_id=ONE, name="Luna").delete()
    Robot.objects.create(device_id=OTHER).delete()
    assert [each.device_id for each in RobotName.objects.all()] == [ONE]


@pytest.mark.django_db
def test_same_name_is_told_apart_on_the_hive_too() -> None:
    for device_id in (ONE, OTHER):
        Robot.objects.create(device_id=device_id, name="Moxie")
    robot_names.refresh()
    assert {str(robot) for robot in Robot.objects.all()} == {"Moxie (c6f2)", "Moxie (1b4e)"}


@pytest.mark.django_db
def test_names_stay_while_the_database_is_away(monkeypatch: Any) -> None:
    set_name(ONE, "Luna")
    assert robot_names.label(ONE) == "Luna"
    robot_names.expire()

    def fail() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(robot_names, "refresh", fail)
    assert robot_names.label(ONE) == "Luna"
