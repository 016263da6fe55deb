"""The broker: one way to be connected to it, under which name, whether what is sent comes back,
who else is there, and what it counts itself.
"""
