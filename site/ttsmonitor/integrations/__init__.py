"""Connections with other programs of a household."""
