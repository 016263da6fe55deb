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
QUEUED_BYTES = 32 * 1024**2
MEMORY_BYTES = 128 * 1024**2
"""Memory of the whole broker, and so the size of its file, too."""
LOCAL_CONNECTIONS = 200
"""Connections on the port without TLS."""
ROBOT_CONNECTIONS = 100
"""Connections on the robots' port."""
