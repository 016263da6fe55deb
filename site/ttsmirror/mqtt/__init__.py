"""The connection to the broker: client, identity, loopback probe, duplicate-client probe."""
