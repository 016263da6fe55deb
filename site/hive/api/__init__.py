"""The hive's JSON API: robots, conversations without a robot, favourite phrases."""
