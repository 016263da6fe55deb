"""The patches around the methods of an OpenMoxie that make a robot speak."""
