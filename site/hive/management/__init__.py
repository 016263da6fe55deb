"""The hive's part of manage.py."""
