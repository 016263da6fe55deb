"""Conversation: answers by commands, a language model, or the scripted companion."""
