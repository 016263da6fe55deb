"""Kokoro: a larger neural model whose voices speak a clause at a time."""
