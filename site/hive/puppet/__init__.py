"""Puppet Mode: what was said, what became of it, favourite phrases."""
