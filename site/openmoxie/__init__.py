"""The Django project that wires hive and speech service together."""
