"""The MQTT broker: a probe for one, and a broker to start."""
