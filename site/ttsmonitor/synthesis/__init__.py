"""Text to sound: engines, the process they run in, the voices they need. No Django here."""
