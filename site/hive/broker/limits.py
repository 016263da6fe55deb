"""How much a broker takes in and keeps, so that no client can fill its memory or its disk."""

from __future__ import annotations

PACKET_BYTES = 262_144
"""Size of a packet. A message of ours has 64 KiB at most; a robot also sends what its microphone
hears, 32 KB a second."""
INFLIGHT_MESSAGES = 20
"""Unacknowledged messages on their way to a client."""
INFLIGHT_BYTES = 2 * 1024**2
QUEUED_MESSAGES = 20_000
"""Messages that wait for a client. The outbox of a hive holds half as many."""
QUEUED_BYTES = 4 * 1024**2
"""Bytes that wait for a client."""
MEMORY_BYTES = 128 * 1024**2
"""Memory of the whole broker, and so the size of its file, too."""
STORE_BYTES = 16 * 1024**2
"""Size of the file with which Mosquitto may start. What waits for hive and speech service is less.
A client that leaves retained messages can fill the memory; with such a file Mosquitto would not
start again."""
LOCAL_CONNECTIONS = 200
"""Connections on the port without TLS."""
ROBOT_CONNECTIONS = 100
"""Connections on the robots' port."""
