"""The configuration sent to a robot."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from hive.models import Configuration, Robot
from hive.robot_config import (
    DEFAULTS,
    deep_merge,
    for_robot,
    validate_config,
)
from hive.setup_cache import SetupCache
from tests.unit.hive.conftest import DEVICE
from ttsmonitor.models import Household


def test_deep_merge_leaves_both_sides_unchanged() -> None:
    base = {"a": 1, "deep": {"x": 1, "y": {"z": 1}}, "list": [1]}
    over = {"b": 2, "deep": {"x": 2, "y": {"w": 3}}, "list": [2]}

    merged = deep_merge(base, over)

    assert merged == {"a": 1, "b": 2, "deep": {"x": 2, "y": {"z": 1, "w": 3}}, "list": [2]}
    merged["deep"]["y"]["z"] = 9
    assert base == {"a": 1, "deep": {"x": 1, "y": {"z": 1}}, "list": [1]}
    assert over["deep"] == {"x": 2, "y": {"w": 3}}


def test_levels_and_props_reach_the_robot_as_text() -> None:
    config = for_robot({"audio_volume": 0.3, "settings": {"props": {"doa_range": 80}}})

    assert config["audio_volume"] == "0.3"
    assert config["screen_brightness"] == "1.0"
    assert config["settings"]["props"]["doa_range"] == "80"
    assert config["settings"]["props"]["touch_wake"] == "1"
    assert config["pairing_status"] == "paired"


def test_puppet_mode_and_nickname_override() -> None:
    config = for_robot({"child_pii": {"nickname": "x"}}, nickname="Lucía", puppet_mode=True)

    assert config["moxie_mode"] == "TELEHEALTH"
    assert config["child_pii"] == {"nickname": "Lucía", "input_speed": 0.0}
    assert "moxie_mode" not in for_robot()
    assert "moxie_mode" not in DEFAULTS


@pytest.mark.django_db
def test_robot_gets_the_time_zone_of_the_family(settings: Any) -> None:
    settings.TIME_ZONE = "America/Bogota"
    setup, robot = SetupCache(), Robot.objects.create(device_id=DEVICE)

    def zone() -> str:
        setup.refresh()
        return str(robot.effective_config(setup.current.common_config)["timezone_id"])

    assert zone() == "America/Bogota"
    Household.choose_zone("America/Lima")
    assert zone() == "America/Lima"
    common = Configuration.load()
    common.config = {"timezone_id": "Europe/Madrid"}
    common.save()
    assert zone() == "Europe/Madrid"
    robot.config = {"timezone_id": "Asia/Tokyo"}
    assert zone() == "Asia/Tokyo"


@pytest.mark.django_db
def test_robot_gets_common_and_own_configuration() -> None:
    common = Configuration.load()
    common.config = {"audio_volume": "0.2", "screen_brightness": "0.4"}
    common.save()
    robot = Robot.objects.create(device_id=DEVICE, config={"audio_volume": "0.9"})

    config = robot.effective_config(common.config)

    assert (config["audio_volume"], config["screen_brightness"]) == ("0.9", "0.4")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"audio_volume": "0.6", "screen_brightness": 1},
        {"timezone_id": "America/Mexico_City", "pairing_status": "unpairing"},
        {"child_pii": {"nickname": "Lucía"}, "settings": {"props": {"a": "1"}}},
    ],
)
def test_usable_configuration_is_valid(config: dict[str, Any]) -> None:
    validate_config(config)


@pytest.mark.parametrize(
    ("config", "word"),
    [
        ([], "JSON object"),
        ({"audio_volume": "loud"}, "audio_volume"),
        ({"audio_volume": "nan"}, "audio_volume"),
        ({"audio_volume": True}, "audio_volume"),
        ({"screen_brightness": 1.1}, "screen_brightness"),
        ({"timezone_id": "Mars/Olympus"}, "timezone_id"),
        ({"pairing_status": "maybe"}, "pairing_status"),
        ({"audio_wake_set": 3}, "audio_wake_set"),
        ({"child_pii": "Lucía"}, "child_pii"),
        ({"child_pii": {"nickname": 3}}, "child_pii"),
        ({"settings": []}, "settings"),
        ({"settings": {"props": {"a": {}}}}, "settings"),
        ({"moxie_mode": "TELEHEALTH"}, "moxie_mode"),
    ],
)
def test_invalid_configuration_is_named(config: Any, word: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_config(config)
    assert word in str(refused.value)
