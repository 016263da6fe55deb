"""The robot link: robots over MQTT, and the mirror of what they say."""
