"""What Home Assistant accepts in a discovery message, in our own words.

Taken from the schemas of its MQTT integration, version 2026.11. It drops options that it does not
know without a word, so a misspelt one would not be noticed there.
"""

from __future__ import annotations

from typing import Any

DEVICE = {"identifiers", "name", "model", "sw_version", "manufacturer", "configuration_url"}
ORIGIN = {"name", "sw_version", "support_url"}
SHARED = {
    "availability_topic",
    "availability_template",
    "payload_available",
    "payload_not_available",
}
COMMON = {
    "platform",
    "unique_id",
    "default_entity_id",
    "name",
    "icon",
    "entity_category",
    "qos",
    "json_attributes_topic",
    "json_attributes_template",
}
READS, WRITES = {"state_topic", "value_template"}, {"command_topic", "command_template", "retain"}
OPTIONS: dict[str, set[str]] = {
    "notify": WRITES,
    "button": WRITES | {"payload_press"},
    "sensor": READS
    | {
        "device_class",
        "options",
        "state_class",
        "suggested_display_precision",
        "unit_of_measurement",
    },
    "switch": READS | WRITES | {"payload_on", "payload_off", "state_on", "state_off"},
    "number": READS | WRITES | {"min", "max", "step", "mode", "unit_of_measurement"},
    "select": READS | WRITES | {"options"},
    "event": READS | {"event_types"},
}
REQUIRED = {
    "notify": {"command_topic"},
    "button": {"command_topic"},
    "sensor": {"state_topic"},
    "switch": {"command_topic"},
    "number": {"command_topic"},
    "select": {"command_topic", "options"},
    "event": {"state_topic", "event_types"},
}
SENSOR_CLASSES: dict[str, set[str | None]] = {
    "enum": {None},
    "duration": {"ms", "s", "min", "h", "d"},
}
"""Units of measurement of the device classes of sensors."""
CATEGORIES = {"config", "diagnostic"}


def find_problems(message: dict[str, Any]) -> list[str]:
    """Return what Home Assistant would refuse or ignore in a discovery message."""
    unknown = message.keys() - {"device", "origin", "components"} - SHARED
    problems = [f"unknown: {name}" for name in unknown]
    problems += [f"device: {name}" for name in message["device"].keys() - DEVICE]
    problems += [f"origin: {name}" for name in message["origin"].keys() - ORIGIN]
    if not message["device"]["identifiers"] or not message["origin"]["name"]:
        problems.append("no identifier or no origin")
    for key, entity in message["components"].items():
        problems += [f"{key}: {problem}" for problem in _problems_of(entity)]
    return problems


def _problems_of(entity: dict[str, Any]) -> list[str]:
    platform = entity["platform"]
    problems = [f"unknown: {name}" for name in entity.keys() - COMMON - OPTIONS[platform]]
    needed = REQUIRED[platform] | {"unique_id"}
    problems += [f"missing: {name}" for name in needed - entity.keys()]
    if entity.get("entity_category", "config") not in CATEGORIES:
        problems.append("no such category")
    if platform == "sensor":
        if entity.get("entity_category") == "config":
            problems.append("a sensor cannot be in the category config")
        kind, unit = entity.get("device_class"), entity.get("unit_of_measurement")
        if kind is not None and unit not in SENSOR_CLASSES[kind]:
            problems.append(f"unit {unit} of {kind}")
        if "options" in entity and (kind != "enum" or "state_class" in entity):
            problems.append("options are for the device class enum")
    if any("+" in entity.get(name, "") for name in ("command_topic", "state_topic")):
        problems.append("a wildcard in a topic")
    return problems
