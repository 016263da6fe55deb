"""The speech service: intake, queue, voice, sound, history and the live monitor."""
