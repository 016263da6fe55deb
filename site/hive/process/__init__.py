"""The hive's process, and all processes together under one supervisor."""
