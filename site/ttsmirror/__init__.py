"""The Moxie TTS mirror: publishes what a robot says, so that a speech service can speak it.

This package is copied whole into an OpenMoxie. It needs Django and paho-mqtt only.
"""
