"""Piper voices: on disk, loaded, split into stages and streamed."""
