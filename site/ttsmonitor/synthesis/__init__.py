"""Text to sound: engines, the process they run in, the sound cache. No Django here."""
