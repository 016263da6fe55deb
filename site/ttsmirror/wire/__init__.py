"""The MQTT messages: their fields, limits, and JSON. No Django here."""
